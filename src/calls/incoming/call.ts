import { DuplexError } from '../../errors.js';
import type { Context } from '../../gen/duplex/v1/session.js';
import { type Clock, systemClock, type Timer } from '../../transport/clock.js';
import type { ReceivedItem } from '../../wire/frame-decoder.js';
import { type CallHeaders, headersOf } from '../context.js';

/**
 * The context of one call, as its handler gets it for a second argument.
 * `Session` is what the call came in on.
 */
export interface Call<Session = unknown> {
  readonly session: Session;
  /** Local name of the operation or callback, e.g. `addTo`. */
  readonly method: string;
  /** Aborted when the caller cancels, when its time is up, or when the session ends. */
  readonly signal: AbortSignal;
  /** When the caller gives up, if it said so. */
  readonly deadline: Date | undefined;
  /** What the caller sent along. */
  readonly headers: CallHeaders;
  /** Address of the caller as the connection shows it; empty at a client. */
  readonly peer: string;
  /** Who the caller is, as the host has authenticated it; undefined where it does not, and at a client. */
  readonly principal: unknown;
}

/** What a session that calls come in on may know of their caller. */
interface CallerInfo {
  readonly peer?: string;
  readonly principal?: unknown;
}

/** A call of this side that the peer serves by calls of its own: what they lead back to. */
export interface ServedCall {
  readonly method: { readonly localName: string };
  /** The peer's call that it serves itself. */
  readonly parent: IncomingCall<unknown> | undefined;
}

/** What an item says of the call that it starts. */
type CallItem = Pick<ReceivedItem, 'callId' | 'timeoutMs' | 'byteLength'>;

/** A call that runs or waits for its turn here. Made for every call, so it makes the rest only when asked. */
export class IncomingCall<Session> implements Call<Session> {
  readonly session: Session;
  readonly method: string;
  /** The caller's id for it; 0 wants no answer. */
  readonly id: number;
  /** Encoded length of the request. */
  readonly byteLength: number;
  /** What was sent between these two marks belongs before the answer. */
  readonly sentSince: number;
  /** Undefined for all that is sent. */
  sentUntil: number | undefined;
  /** When the caller gives up, on the clock's time; undefined if it did not say. V8 would keep Infinity in a box of its own. */
  readonly expiresAt: number | undefined;
  /** What accompanies it; almost always nothing. */
  context: Context | undefined;
  /** The call of this side that it serves, if that is still open. */
  parent: ServedCall | undefined;
  /** Mark of the last thing that its handler sent and that had to wait for the window, as far as that is known. */
  lastInLine = 0;
  /** Whether it is answered: what its handler does from then on serves nobody. */
  isOver = false;
  #onEnd: (() => void) | undefined;
  #controller: AbortController | undefined;
  #timer: Timer | undefined;
  #aborted: unknown;
  readonly #clock: Clock;

  constructor(
    session: Session,
    method: string,
    { callId, timeoutMs, byteLength }: CallItem,
    sentSince: number,
    clock: Clock = systemClock,
  ) {
    this.session = session;
    this.method = method;
    this.id = callId;
    this.byteLength = byteLength;
    this.sentSince = sentSince;
    this.expiresAt = timeoutMs > 0 ? clock.now() + timeoutMs : undefined;
    this.#clock = clock;
  }

  /** Whether it serves a call of this side, as the peer says. */
  get isNested(): boolean {
    return this.context !== undefined && this.context.parentCall !== 0 && this.id !== 0;
  }

  get deadline(): Date | undefined {
    return this.expiresAt === undefined ? undefined : new Date(Date.now() + this.remainingMs);
  }

  /** How long the caller still waits, in milliseconds; Infinity if it did not say. */
  get remainingMs(): number {
    return this.expiresAt === undefined ? Number.POSITIVE_INFINITY : this.expiresAt - this.#clock.now();
  }

  get headers(): CallHeaders {
    return headersOf(this.context);
  }

  get peer(): string {
    return (this.session as CallerInfo | undefined)?.peer ?? '';
  }

  get principal(): unknown {
    return (this.session as CallerInfo | undefined)?.principal;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
      // The caller's cancel says the same, but may be a broken connection late.
      else if (this.expiresAt !== undefined && !this.isOver) {
        this.#timer = this.#clock.schedule(this.expiresAt, () => this.abort(timeUp(this.method)));
      }
    }
    return this.#controller.signal;
  }

  /** Whether nobody waits for its outcome any more. */
  get isAborted(): boolean {
    return this.#aborted !== undefined;
  }

  /** Whether its caller waits for it, as far as that is known here. */
  get isAwaited(): boolean {
    if (this.isOver || this.#aborted !== undefined) return false;
    return this.remainingMs > 0;
  }

  /** Calls back when it is answered, or nobody wants an answer any more; at once if it is over. */
  whenOver(callback: () => void): void {
    if (this.isOver) return callback();
    const before = this.#onEnd;
    this.#onEnd = () => {
      before?.();
      callback();
    };
  }

  /** It is answered, or nobody wants an answer any more. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#timer?.cancel();
    this.#onEnd?.();
  }

  abort(reason: unknown): void {
    this.#timer?.cancel();
    this.#aborted = reason;
    this.#controller?.abort(reason);
  }
}

function timeUp(method: string): DuplexError {
  return new DuplexError('timeout', `the caller of ${method} waits no longer`, { origin: 'remote' });
}
