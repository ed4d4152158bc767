import type { Clock, Timer } from './clock.js';

/**
 * One coarse timer for many deadlines. It is armed for the earliest that it was
 * told of; when that has passed meanwhile, the owner names the next one. So a
 * deadline that moves with every message costs nothing.
 */
export class Alarm {
  #armedAt = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;
  readonly #clock: Clock;
  readonly #ring: () => void;
  readonly #holds: boolean;

  /**
   * `ring` is called at or after the earliest deadline; it has to call `setAt`
   * again if there is another. With `holds` the process stays for it.
   */
  constructor(clock: Clock, ring: () => void, holds = false) {
    this.#clock = clock;
    this.#ring = ring;
    this.#holds = holds;
  }

  /** Makes sure that the alarm rings at `atMs` or before. */
  setAt(atMs: number): void {
    if (atMs >= this.#armedAt) return;
    this.#timer?.cancel();
    this.#armedAt = atMs;
    const ring = (): void => {
      this.#armedAt = Number.POSITIVE_INFINITY;
      this.#timer = undefined;
      this.#ring();
    };
    this.#timer = this.#clock.schedule(atMs, ring, this.#holds);
  }

  /** Will not ring again unless it is set again. */
  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#armedAt = Number.POSITIVE_INFINITY;
  }
}
