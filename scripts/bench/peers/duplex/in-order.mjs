// @ts-check
// The checker of exactly once: what arrives must be 0, 1, 2, … without a gap, a double, or anything out of turn.
import { Counter } from '../parts/tally.mjs';

/** Numbers that must come one after the other, from 0 on. */
export class Sequence {
  #due = 0;

  /** Ends the process, and with it the benchmark, unless it is this one's turn. @param {number} value */
  next(value) {
    if (value !== this.#due) breakOff(value, this.#due);
    this.#due += 1;
  }

  restart() {
    this.#due = 0;
  }
}

/** Counts messages that must come in their order; the next ones begin at 0 again. */
export class OrderedCounter extends Counter {
  #sequence = new Sequence();

  /** @override @param {number} value */
  add(value) {
    this.#sequence.next(value);
    super.add(value);
  }

  /** @override */
  take() {
    this.#sequence.restart();
    return super.take();
  }
}

/** @param {number} value @param {number} due */
function breakOff(value, due) {
  // An error that is thrown in a handler would be told to the caller, and go no further.
  queueMicrotask(() => {
    throw new Error(`not exactly once: ${value} came where ${due} was due`);
  });
}
