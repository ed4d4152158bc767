/** A timer that can be taken back. */
export interface Timer {
  cancel(): void;
}

/**
 * Where time comes from. Everything above the session takes it from here, so
 * that a test can run hours in a moment.
 */
export interface Clock {
  /** So late a timer may call back that is half a second away or more, that many may share one. Default: 0. */
  readonly slackMs?: number;
  /** Milliseconds that only ever rise; their zero has no meaning. */
  now(): number;
  /** The time of day, in milliseconds since 1970: what ends at a date is told by it. */
  date(): number;
  /**
   * Calls `callback` once when `now()` reaches `atMs`, never at once. A process
   * need not stay for it, unless `holds` says so.
   */
  schedule(atMs: number, callback: () => void, holds?: boolean): Timer;
}

/** `setTimeout` takes no longer delay; a timer that fires early is armed again by its owner. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The clock of the process. Sockets keep the process alive, timers only where there is no socket yet. */
export const systemClock: Clock = Object.freeze({
  slackMs: 100,
  now: () => performance.now(),
  date: () => Date.now(),
  schedule(atMs: number, callback: () => void, holds = false): Timer {
    const delay = Math.min(Math.max(Math.ceil(atMs - performance.now()), 0), MAX_DELAY_MS);
    const timeout = setTimeout(callback, delay);
    if (!holds) timeout.unref();
    return new SystemTimer(timeout);
  },
});

class SystemTimer implements Timer {
  readonly #timeout: NodeJS.Timeout;

  constructor(timeout: NodeJS.Timeout) {
    this.#timeout = timeout;
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }
}
