import { setImmediate } from 'node:timers';
import type { Clock, Timer } from '../transport/clock.js';

interface PlannedCall {
  readonly atMs: number;
  readonly callback: () => void;
}

/** So many timers may ring in one `advance`; more means that something arms itself again and again. */
const MAX_RINGS = 100_000;

/**
 * A clock that stands still until a test moves it: hours pass in a moment, and
 * always in the same order. Pass it as `clock` to `createHost` and `connect`,
 * and to whatever code of your own takes a {@link Clock}.
 */
export class VirtualClock implements Clock {
  #now = 0;
  readonly #startedAt = Date.now();
  readonly #planned = new Set<PlannedCall>();

  now(): number {
    return this.#now;
  }

  /** Starts at the date of its making, and moves with the clock. */
  date(): number {
    return this.#startedAt + this.#now;
  }

  schedule(atMs: number, callback: () => void): Timer {
    const planned = { atMs, callback };
    this.#planned.add(planned);
    return { cancel: () => this.#planned.delete(planned) };
  }

  /** How many timers are armed. */
  get armed(): number {
    return this.#planned.size;
  }

  /** Moves time on and rings what is due on the way, in order, with time for reactions after each. */
  async advance(ms: number): Promise<void> {
    await settle();
    const end = this.#now + ms;
    for (let rings = 0; rings < MAX_RINGS; rings++) {
      const next = this.#earliest();
      if (next === undefined || next.atMs > end) {
        this.#now = end;
        return settle();
      }
      this.#ring(next);
      await settle();
    }
    throw new Error(`${MAX_RINGS} timers rang within ${ms} ms`);
  }

  /** The process stood still for so long: then every timer rings late, at the same moment. */
  async stall(ms: number): Promise<void> {
    await settle();
    this.#now += ms;
    for (let next = this.#earliest(); next !== undefined && next.atMs <= this.#now; next = this.#earliest()) {
      this.#ring(next);
      await settle();
    }
  }

  #ring(planned: PlannedCall): void {
    this.#planned.delete(planned);
    this.#now = Math.max(this.#now, planned.atMs);
    planned.callback();
  }

  #earliest(): PlannedCall | undefined {
    let earliest: PlannedCall | undefined;
    for (const planned of this.#planned) if (earliest === undefined || planned.atMs < earliest.atMs) earliest = planned;
    return earliest;
  }
}

/**
 * Lets everything run that is ready to run: microtasks, and what they make
 * ready. Works under the fake timers of a test runner, which replace globals.
 */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
