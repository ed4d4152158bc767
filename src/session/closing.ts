import { Code } from '../errors.js';
import { type Goodbye, Reason } from '../gen/duplex/v1/session.js';
import type { SessionEnd } from './session-end.js';

/** What the rest of the session looks like to somebody who wants to leave. */
export interface ClosingFacts {
  /** Nothing of this side waits to be admitted or framed. */
  readonly drained: boolean;
  /** No call is running, held or awaited here. */
  readonly idle: boolean;
  /** Number of the last item received, and sent. */
  readonly received: number;
  readonly lastSeq: number;
  /** The peer holds all that this side sent. */
  readonly allAcked: boolean;
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
 * Source: PROTOCOL.md, "Closing".
 */
export class Closing {
  /** Why the session closes, once it does. */
  end: SessionEnd | undefined;
  /** Whether this side promised to start nothing more. */
  promised = false;
  /** The number up to which the peer promised to start things, once it did. */
  #peerLastSeq: number | undefined;
  readonly #role: 'client' | 'service';

  constructor(role: 'client' | 'service') {
    this.#role = role;
  }

  /** Begins to close, for the first reason given. */
  begin(end: SessionEnd): void {
    this.end ??= end;
  }

  /** Takes the peer's promise; the half-close of a plain client is one, too. */
  peerPromises(lastSeq: number | undefined): void {
    if (lastSeq !== undefined) this.#peerLastSeq = lastSeq;
  }

  /** Whether all that the peer starts was received and is done. */
  hasFinished({ idle, received }: ClosingFacts): boolean {
    return idle && this.#peerLastSeq !== undefined && received >= this.#peerLastSeq;
  }

  /** Whether both sides have said and seen everything. */
  isComplete(facts: ClosingFacts): boolean {
    return this.promised && facts.allAcked && this.hasFinished(facts);
  }

  /** Whether it is time for the promise. A client gives it first: the service has to know what to wait for. */
  mayPromise(facts: ClosingFacts): boolean {
    return !this.promised && facts.drained && (this.#role === 'client' || this.hasFinished(facts));
  }

  /** What to tell the peer in the present state of affairs; also what to repeat after a resume. */
  goodbye(facts: ClosingFacts): Goodbye {
    return goodbye({
      reason: Reason.CLOSED,
      message: this.end?.message ?? '',
      lastSeq: this.promised ? facts.lastSeq : undefined,
    });
  }
}

/** A Goodbye with whatever is not said left empty. */
export function goodbye(said: Partial<Goodbye>): Goodbye {
  return {
    reason: Reason.UNSPECIFIED,
    code: Code.OK,
    message: '',
    mayResume: false,
    lastSeq: undefined,
    retryAfterMs: 0,
    target: '',
    ...said,
  };
}
