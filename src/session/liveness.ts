import { defaultTerms, type SessionTerms } from './terms.js';

/** What the session has to do about a silent peer. */
export type LivenessVerdict = 'alive' | 'probe' | 'dead';

/** A timer that is late by this much means that this process stood still, not the peer. */
const STALL_MS = 1_000;
/** So long what lies unread in the socket has to be read before the verdict. */
const MAX_GRACE_MS = 250;

/**
 * Notices a peer that vanished without a word. Anything received counts as
 * life; after `pingMs` of silence it asks for one probe, and `pingTimeoutMs`
 * later it gives the verdict, after a moment of grace: if this process itself
 * stood still, the peer's answer may lie unread in the socket. If it stood
 * still for long, a fresh probe comes before the verdict.
 */
export class Liveness {
  #heardAt = 0;
  #probedAt: number | undefined;
  /** When to give the verdict, once the moment of grace has begun. */
  #verdictAt: number | undefined;
  #terms: Pick<SessionTerms, 'pingMs' | 'pingTimeoutMs'> = defaultTerms;

  /** Starts to watch, by the times of these terms. */
  start(now: number, terms: Pick<SessionTerms, 'pingMs' | 'pingTimeoutMs'>): void {
    this.#terms = terms;
    this.heard(now);
  }

  /** Something arrived. */
  heard(now: number): void {
    this.#heardAt = now;
    this.#probedAt = undefined;
    this.#verdictAt = undefined;
  }

  /** When `check` has to be called next. */
  get deadline(): number {
    if (this.#verdictAt !== undefined) return this.#verdictAt;
    if (this.#probedAt === undefined) return this.#heardAt + this.#terms.pingMs;
    return this.#probedAt + this.#terms.pingTimeoutMs - this.#graceMs;
  }

  /** Says what to do now. After `probe` the caller sends a ping. */
  check(now: number): LivenessVerdict {
    const late = now - this.deadline;
    if (late < 0) return 'alive';
    if (this.#probedAt === undefined || late >= STALL_MS) {
      this.#probedAt = now;
      this.#verdictAt = undefined;
      return 'probe';
    }
    if (this.#verdictAt !== undefined) return 'dead';
    this.#verdictAt = Math.max(this.#probedAt + this.#terms.pingTimeoutMs, now + this.#graceMs);
    return 'alive';
  }

  get #graceMs(): number {
    return Math.min(MAX_GRACE_MS, this.#terms.pingTimeoutMs / 4);
  }
}
