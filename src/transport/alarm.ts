import type { Clock, Timer } from './clock.js';
import type { Ringing, SharedAlarms, SharedTimer } from './shared-alarms.js';

/**
 * One coarse timer for many deadlines. It is armed for the earliest that it was
 * told of; when that has passed meanwhile, the owner names the next one. So a
 * deadline that moves with every message costs nothing.
 */
export class Alarm implements Ringing {
  #armedAt = Number.POSITIVE_INFINITY;
  #timer: Timer | SharedTimer | undefined;
  readonly #clock: Clock | SharedAlarms;
  readonly #owner: { ring(): void };
  readonly #holds: boolean;

  /**
   * `ring` is called at or after the earliest deadline; it has to call `setAt`
   * again if there is another. With `holds` the process stays for it; one that
   * shares its timers with others never holds.
   */
  constructor(clock: Clock | SharedAlarms, owner: { ring(): void }, holds = false) {
    this.#clock = clock;
    this.#owner = owner;
    this.#holds = holds;
  }

  /** Makes sure that the alarm rings at `atMs` or before. */
  setAt(atMs: number): void {
    if (atMs >= this.#armedAt) return;
    this.#timer?.cancel(this);
    this.#armedAt = atMs;
    this.#timer =
      'now' in this.#clock
        ? this.#clock.schedule(atMs, () => this.rang(), this.#holds)
        : this.#clock.schedule(atMs, this);
  }

  /** {@link Ringing} */
  rang(): void {
    this.#armedAt = Number.POSITIVE_INFINITY;
    this.#timer = undefined;
    this.#owner.ring();
  }

  /** Will not ring again unless it is set again. */
  cancel(): void {
    this.#timer?.cancel(this);
    this.#timer = undefined;
    this.#armedAt = Number.POSITIVE_INFINITY;
  }
}
