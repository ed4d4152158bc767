import type { Clock, Timer } from './clock.js';

/** What rings when its time has come. */
export interface Ringing {
  rang(): void;
}

/** A timer for whoever shares it. */
export interface SharedTimer {
  /** Takes one of them off. */
  cancel(ringing: Ringing): void;
}

/** Whoever is due sooner gets the very time. */
const FAR_MS = 500;
/** A timer that nobody waits for any more stays for those to come if it is due so soon, and may be shared. */
const KEPT_MS = 30_000;

/**
 * Timers that the sessions of a service share: those that are due in the same
 * moment of its clock's slack have one. Ten thousand sessions that rest wait
 * for their heartbeats with a hundred timers, which saves 340 bytes in each; and
 * where one session comes as another goes, neither makes a timer nor clears one.
 */
export class SharedAlarms {
  readonly #slots = new Map<number, Slot>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `ringing` rings at `atMs`, or as much later as the clock has slack. */
  schedule(atMs: number, ringing: Ringing): SharedTimer {
    const { slackMs = 0 } = this.#clock;
    const isFar = slackMs > 0 && atMs - this.#clock.now() >= FAR_MS;
    const at = isFar ? Math.ceil(atMs / slackMs) * slackMs : atMs;
    let slot = this.#slots.get(at);
    if (slot === undefined) {
      slot = new Slot(this.#clock, at, isFar, this.#slots);
      this.#slots.set(at, slot);
    }
    slot.waiting.add(ringing);
    return slot;
  }
}

/** All that rings at one time. */
class Slot implements SharedTimer {
  readonly waiting = new Set<Ringing>();
  readonly #at: number;
  readonly #isShared: boolean;
  readonly #clock: Clock;
  readonly #slots: Map<number, Slot>;
  readonly #timer: Timer;

  constructor(clock: Clock, at: number, isShared: boolean, slots: Map<number, Slot>) {
    this.#at = at;
    this.#isShared = isShared;
    this.#clock = clock;
    this.#slots = slots;
    this.#timer = clock.schedule(at, () => this.#ring());
  }

  cancel(ringing: Ringing): void {
    this.waiting.delete(ringing);
    if (this.waiting.size > 0) return;
    if (this.#isShared && this.#at - this.#clock.now() < KEPT_MS) return;
    this.#timer.cancel();
    this.#slots.delete(this.#at);
  }

  #ring(): void {
    this.#slots.delete(this.#at);
    const due = [...this.waiting];
    for (const ringing of due) {
      // One that rings may take another one off.
      if (!this.waiting.delete(ringing)) continue;
      try {
        ringing.rang();
      } catch (error) {
        // As from a timer of its own: the others ring nevertheless.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
