import { Code } from '../../errors.js';
import { HeldBytes } from '../../session/sending/held-bytes.js';
import type { Clock } from '../../transport/clock.js';

/** So long a session may hold no less than before while all of them hold too much. */
const RELIEF_MS = 2_000;

/** A session, and what it holds. */
export interface Holder {
  /** Bytes, counted anew. */
  tally(): number;
  /** Asks its client to acknowledge at once what it has handled. */
  hurry(): void;
  /** Ends it at once. */
  cut(message: string, code: Code): void;
}

/**
 * Keeps what the sessions of a host hold within `limits.heldBytes`. What is on
 * its way to clients that take it is gone in a moment, so past the limit they
 * are asked to acknowledge; who holds no less after that has to go, the one
 * that holds most first. At twice the limit nobody is waited for.
 */
export class Relief {
  readonly held: HeldBytes;
  #isDue = false;
  #isWatching = false;
  readonly #limit: number;
  readonly #clock: Clock;
  readonly #holders: () => Iterable<Holder>;
  readonly #ended: () => void;

  /** `ended` is told of each session that was ended. */
  constructor(limit: number, clock: Clock, holders: () => Iterable<Holder>, ended: () => void) {
    this.held = new HeldBytes(limit, () => this.#over());
    this.#limit = limit;
    this.#clock = clock;
    this.#holders = holders;
    this.#ended = ended;
  }

  #over(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    // Not while the session that counts is in the middle of sending, or of taking a frame.
    queueMicrotask(() => {
      this.#isDue = false;
      if (this.held.isFarOver) this.#relieve();
      if (this.held.isOver) this.#watch();
    });
  }

  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    const before = new Map<Holder, number>();
    for (const session of this.#holders()) {
      before.set(session, session.tally());
      session.hurry();
    }
    this.#clock.schedule(this.#clock.now() + RELIEF_MS, () => {
      this.#isWatching = false;
      this.#relieve(before);
      if (this.held.isOver) this.#watch();
    });
  }

  /** Ends those that hold most, but none that holds less than `before` or is new, until the others hold no more than they may. */
  #relieve(before?: ReadonlyMap<Holder, number>): void {
    const holders = [...this.#holders()].map((session) => ({ session, bytes: session.tally() }));
    holders.sort((a, b) => b.bytes - a.bytes);
    for (const { session, bytes } of holders) {
      if (!this.held.isOver) return;
      if (before !== undefined && bytes < (before.get(session) ?? Number.POSITIVE_INFINITY)) continue;
      this.#ended();
      const message = `the sessions of this host hold more than ${this.#limit} bytes, and of them this one the most, ${bytes} (limits.heldBytes)`;
      session.cut(message, Code.RESOURCE_EXHAUSTED);
    }
  }
}
