/** What the session has to do about a silent peer. */
export type LivenessVerdict = 'alive' | 'probe' | 'dead';

/** A timer that is late by this much means that this process stood still, not the peer. */
const STALL_MS = 1_000;

/**
 * Notices a peer that vanished without a word. Anything received counts as
 * life; after `pingMs` of silence it asks for one probe, and `pingTimeoutMs`
 * later it gives the verdict. If this process itself was stopped meanwhile, a
 * fresh probe comes before the verdict: the peer's answers may still lie
 * unread in the socket.
 */
export class Liveness {
  #heardAt = 0;
  #probedAt: number | undefined;
  #pingMs = Number.POSITIVE_INFINITY;
  #timeoutMs = Number.POSITIVE_INFINITY;

  /** Starts to watch; both times in milliseconds. */
  start(now: number, pingMs: number, timeoutMs: number): void {
    this.#pingMs = pingMs;
    this.#timeoutMs = timeoutMs;
    this.heard(now);
  }

  /** Something arrived. */
  heard(now: number): void {
    this.#heardAt = now;
    this.#probedAt = undefined;
  }

  /** When `check` has to be called next. */
  get deadline(): number {
    return this.#probedAt === undefined ? this.#heardAt + this.#pingMs : this.#probedAt + this.#timeoutMs;
  }

  /** Says what to do now. After `probe` the caller sends a ping. */
  check(now: number): LivenessVerdict {
    const late = now - this.deadline;
    if (late < 0) return 'alive';
    if (this.#probedAt !== undefined && late < STALL_MS) return 'dead';
    this.#probedAt = now;
    return 'probe';
  }
}
