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
  /** Called once: it was idle for the time-out. */
  idle(): void;
}

interface Seen {
  activity: number;
  idleSince: number;
}

/**
 * Finds out that nothing was called in a session for a while, in either
 * direction. It looks at all sessions together now and then, so that a call
 * costs nothing but a count, and a session no timer.
 */
export class IdleWatch {
  readonly #watched = new Map<Watched, Seen>();
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #alarm: Alarm;

  /** `timeoutMs` is how long nothing may be called, and up to a quarter of it more; 0: for ever. */
  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#alarm = new Alarm(clock, { ring: () => this.#look() });
  }

  add(watched: Watched): void {
    if (this.#timeoutMs === 0) return;
    this.#watched.set(watched, { activity: watched.activity, idleSince: this.#clock.now() });
    this.#lookLater();
  }

  /** Watches it no more. */
  delete(watched: Watched): void {
    this.#watched.delete(watched);
    if (this.#watched.size === 0) this.#alarm.cancel();
  }

  #look(): void {
    const now = this.#clock.now();
    for (const [watched, seen] of this.#watched) {
      const { activity, isBusy } = watched;
      if (isBusy || activity !== seen.activity) {
        seen.activity = activity;
        seen.idleSince = now;
      } else if (now - seen.idleSince >= this.#timeoutMs) {
        this.#watched.delete(watched);
        watched.idle();
      }
    }
    if (this.#watched.size > 0) this.#lookLater();
  }

  #lookLater(): void {
    this.#alarm.setAt(this.#clock.now() + this.#timeoutMs / LOOKS);
  }
}
