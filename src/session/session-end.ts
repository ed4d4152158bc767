import { Code, DuplexError, type ErrorKind } from '../errors.js';
import { type Goodbye, Reason } from '../gen/duplex/v1/session.js';

/**
 * Why a session is over: `closed` in order or `aborted` by either side,
 * or what a {@link DuplexError} of the same kind says.
 */
export interface SessionEnd {
  readonly kind: 'closed' | 'aborted' | 'timeout' | 'lost' | 'refused' | 'unavailable' | 'protocol';
  /** Which side ended it. */
  readonly origin: 'local' | 'remote';
  readonly code: Code;
  readonly message: string;
  /**
   * Whether the service ended it because its process goes away, and neither
   * application asked for the end: another process may go on.
   */
  readonly goingAway?: boolean;
  /** When the peer asks to be tried again, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /**
   * After any end but `closed`: how many items this side sent that the peer may
   * or may not have dispatched, and those that were admitted and never sent.
   * Everything before them was dispatched, nothing after them.
   */
  readonly unknownItems?: number;
}

/** The end of a session that was closed in order. */
export function orderlyEnd(origin: 'local' | 'remote', message: string): SessionEnd {
  return { kind: 'closed', origin, code: Code.OK, message };
}

/** The end that an error brings. */
export function endOf(error: DuplexError): SessionEnd {
  const kind = error.kind === 'fault' || error.kind === 'cancelled' ? 'refused' : error.kind;
  const { origin, code, message, retryAfterMs } = error;
  return { kind, origin, code, message, retryAfterMs };
}

/** The end that an error brings while the session has not opened yet: what would be a loss later is nobody there. */
export function endOfAttempt(error: DuplexError): SessionEnd {
  const end = endOf(error);
  return end.kind === 'lost' ? { ...end, kind: 'unavailable' } : end;
}

/**
 * The end that a peer's Goodbye with a code means. Before the session is open
 * it is a refusal, and so is one of credentials. A peer that has exhausted what
 * it keeps for this side has lost some of it, and so the session.
 */
export function endOfGoodbye(goodbye: Goodbye, wasOpen: boolean): SessionEnd {
  const { code, message, reason, retryAfterMs } = goodbye;
  const end = { origin: 'remote', code: code as Code, message, retryAfterMs: retryAfterMs || undefined } as const;
  if (reason === Reason.PROTOCOL_ERROR) return { ...end, kind: 'protocol' };
  if (!wasOpen || reason === Reason.CREDENTIALS) return { ...end, kind: 'refused' };
  if (code === Code.RESOURCE_EXHAUSTED) return { ...end, kind: 'lost' };
  const kind = code === Code.DEADLINE_EXCEEDED ? 'timeout' : 'aborted';
  return reason === Reason.DRAINING ? { ...end, kind, ...departureIn(goodbye) } : { ...end, kind };
}

/** What a Goodbye says of a peer that goes away. */
export function departureIn({ retryAfterMs }: Goodbye): Pick<SessionEnd, 'goingAway' | 'retryAfterMs'> {
  return { goingAway: true, retryAfterMs: retryAfterMs || undefined };
}

/** Whether the peer ended the session because this side was too slow for it. */
export function isEviction({ kind, code }: SessionEnd): boolean {
  return kind === 'lost' && code === Code.RESOURCE_EXHAUSTED;
}

/** Whether the session ended as somebody wished, so that nobody has to be alarmed. */
export function isOrderly({ kind }: SessionEnd): boolean {
  return kind === 'closed' || kind === 'aborted';
}

/** The error for a call that the end of its session cut short, or that came after it. */
export function errorOf(end: SessionEnd, executed: 'no' | 'maybe'): DuplexError {
  const kind: ErrorKind = end.goingAway ? 'unavailable' : end.kind === 'aborted' ? 'closed' : end.kind;
  return new DuplexError(kind, end.message, {
    code: end.code === Code.OK || end.goingAway ? undefined : end.code,
    origin: end.origin,
    executed,
    ...(end.retryAfterMs === undefined ? {} : { retryAfterMs: end.retryAfterMs }),
  });
}
