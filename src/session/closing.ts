import { type Goodbye, Reason } from '../gen/duplex/v1/session.js';
import type { Receipts } from './receiving/receipts.js';
import type { Sender } from './sending/sender.js';
import { departureIn, orderlyEnd, type SessionEnd } from './session-end.js';

/** What a closing session has to do next; undefined: wait. */
export type ClosingStep = 'promise' | 'acknowledge' | 'half-close' | 'leave' | undefined;

/** The end in order that a peer's Goodbye announces. */
export function announcedEnd(goodbye: Goodbye): SessionEnd {
  const { message, reason } = goodbye;
  const end = orderlyEnd('remote', message === '' ? 'the peer closed the session' : message);
  return reason === Reason.DRAINING ? { ...end, ...departureIn(goodbye) } : end;
}

/**
 * Closing in order, by Goodbyes. A Goodbye without `last_seq` announces: no new
 * calls. One with it promises that nothing above it starts anything.
 *
 *     client                                   service
 *     close(): drain, Goodbye(last_seq) ──────▶ run everything up to last_seq,
 *                                               drain what that sends,
 *     see all up to last_seq  ◀──────────────── Goodbye(last_seq)
 *     half-close ─────────────────────────────▶ end the stream with OK
 *
 * A service that wants to close announces it, and then the same happens. Both
 * are repeated after a resume, so a cut at any point changes nothing.
 * Source: PROTOCOL.md, section 10.
 */
export class Closing {
  /** Why the session closes, once it does. */
  end: SessionEnd | undefined;
  /** Whether this side promised to start nothing more. */
  promised = false;
  /** What the peer is told: the application closes it, or the service goes away. */
  reason: Reason = Reason.UNSPECIFIED;
  /** The number up to which the peer promised to start things, once it did. */
  #peerLastSeq: number | undefined;
  readonly #role: 'client' | 'service';
  readonly #sender: Sender;
  readonly #receipts: Receipts;
  readonly #calls: { isIdle(): boolean };

  /** `calls` tell whether none is running or awaited on this side. */
  constructor(role: 'client' | 'service', sender: Sender, receipts: Receipts, calls: { isIdle(): boolean }) {
    this.#role = role;
    this.#sender = sender;
    this.#receipts = receipts;
    this.#calls = calls;
  }

  /** Begins to close. */
  begin(end: SessionEnd, reason: Reason): void {
    this.end = end;
    this.reason = reason;
  }

  /** Asked to close once more. Where an application wants the end it matters no longer that the service goes away. */
  again(reason: Reason): void {
    if (reason === Reason.DRAINING) return;
    this.reason = reason;
    if (this.end?.goingAway) this.end = { ...this.end, goingAway: false };
  }

  /** The same end, which came before the closing was complete: a time-out because the peer goes away is just that. */
  unfinished(end: SessionEnd): SessionEnd {
    return this.end?.goingAway && end.kind === 'timeout'
      ? { ...end, goingAway: true, retryAfterMs: this.end.retryAfterMs }
      : end;
  }

  /** Whether the peer was told: what is repeated after a resume. */
  get isSaid(): boolean {
    return this.promised || (this.end?.origin === 'local' && this.#role === 'service');
  }

  /** Promises to start nothing more. */
  promise(controls: { goodbye(said: Partial<Goodbye>): void }): void {
    this.promised = true;
    if (this.end !== undefined) this.#sender.refuse(this.end);
    controls.goodbye(this.goodbye());
  }

  /** Takes what the peer says after the closing began, or before. */
  peerSays({ reason, lastSeq }: Goodbye): void {
    this.peerPromises(lastSeq);
    if (this.end !== undefined && this.#role === 'client') this.again(reason);
  }

  /** Takes the peer's promise; the half-close of a plain client is one, too. */
  peerPromises(lastSeq: number | undefined): void {
    if (lastSeq !== undefined) this.#peerLastSeq = lastSeq;
  }

  /** Whether both sides have said and seen everything. */
  get isComplete(): boolean {
    const { acked, lastSeq } = this.#sender.outbox;
    return this.promised && acked === lastSeq && this.#hasFinished;
  }

  /** What to do now. `peerHalfClosed` tells whether the peer has left the stream already. */
  step(level: 'session' | 'plain' | undefined, peerHalfClosed: boolean): ClosingStep {
    const drained = this.#sender.isDrained;
    if (level === 'plain') {
      // Also for a client: once it has half-closed it can answer no callback any more.
      if (!drained || !this.#isQuiet) return undefined;
      return this.#role === 'client' ? 'half-close' : 'leave';
    }
    if (!this.promised) {
      // A client promises first: the service has to know what to wait for.
      return drained && (this.#role === 'client' || this.#hasFinished) ? 'promise' : undefined;
    }
    if (this.#role === 'service' && peerHalfClosed) return 'leave';
    // What crossed the service's promise: the client does not leave before it knows that it has arrived.
    if (this.#role === 'service') return this.#receipts.owes ? 'acknowledge' : undefined;
    if (!this.isComplete) return undefined;
    // The half-close is the last word, so the acknowledgement has to go before it.
    return this.#receipts.owes ? 'acknowledge' : 'half-close';
  }

  /** What to tell the peer in the present state of affairs; also what to repeat after a resume. */
  goodbye(): Pick<Goodbye, 'reason' | 'message' | 'lastSeq'> {
    return {
      reason: this.reason,
      message: this.end?.message ?? '',
      lastSeq: this.promised ? this.#sender.outbox.lastSeq : undefined,
    };
  }

  /** Whether all that the peer starts was received and is done. */
  get #hasFinished(): boolean {
    return this.#peerLastSeq !== undefined && this.#receipts.received >= this.#peerLastSeq && this.#isQuiet;
  }

  get #isQuiet(): boolean {
    return this.#receipts.held === 0 && this.#calls.isIdle();
  }
}
