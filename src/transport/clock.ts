/** A timer that can be taken back. */
export interface Timer {
  cancel(): void;
}

/**
 * Where time comes from. Everything above the session takes it from here, so
 * that a test can run hours in a moment.
 */
export interface Clock {
  /** Milliseconds that only ever rise; their zero has no meaning. */
  now(): number;
  /** Calls `callback` once when `now()` reaches `atMs`, never at once. */
  schedule(atMs: number, callback: () => void): Timer;
}

/** `setTimeout` takes no longer delay; a timer that fires early is armed again by its owner. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The clock of the process. Its timers do not keep the process alive: the sockets do. */
export const systemClock: Clock = Object.freeze({
  now: () => performance.now(),
  schedule(atMs: number, callback: () => void): Timer {
    const delay = Math.min(Math.max(Math.ceil(atMs - performance.now()), 0), MAX_DELAY_MS);
    const timer = setTimeout(callback, delay).unref();
    return { cancel: () => clearTimeout(timer) };
  },
});
