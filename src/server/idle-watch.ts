import { Alarm } from '../transport/alarm.js';
import type { Clock } from '../transport/clock.js';

/** How often in its time-out a session is looked at: so much later than the time-out it may be found idle. */
const LOOKS = 4;

/** What is watched. */
export interface Watched {
  /** Rises with every call, in either direction. */
  readonly activity: number;
  /** Whether a call runs, or an answer is awaited. */
  readonly isBusy: boolean;
}

/**
 * Finds out that nothing was called in a session for a while, in either
 * direction. It looks now and then, so that a call costs nothing but a count.
 */
export class IdleWatch {
  #seen = -1;
  #idleSince = 0;
  readonly #watched: Watched;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #alarm: Alarm;

  /** Calls `onIdle` once, after the time-out and up to a quarter of it more. Watches from now on. */
  constructor(watched: Watched, clock: Clock, timeoutMs: number, onIdle: () => void) {
    this.#watched = watched;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#alarm = new Alarm(clock, () => {
      if (this.#isIdle()) onIdle();
      else this.#lookLater();
    });
    this.#isIdle();
    this.#lookLater();
  }

  stop(): void {
    this.#alarm.cancel();
  }

  #isIdle(): boolean {
    const { activity, isBusy } = this.#watched;
    const now = this.#clock.now();
    if (!isBusy && activity === this.#seen) return now - this.#idleSince >= this.#timeoutMs;
    this.#seen = activity;
    this.#idleSince = now;
    return false;
  }

  #lookLater(): void {
    this.#alarm.setAt(this.#clock.now() + this.#timeoutMs / LOOKS);
  }
}
