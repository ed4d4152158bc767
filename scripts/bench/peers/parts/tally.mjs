// @ts-check

/** Counts what a receiver is handed. */
export class Counter {
  #count = 0;
  #sum = 0;
  #taken = 0;
  #awaited = Number.POSITIVE_INFINITY;
  #arrived = () => {};

  /** @param {number} value */
  add(value) {
    this.#sum += value;
    if (++this.#count === this.#awaited) this.#arrived();
  }

  /** What was ever counted. */
  get total() {
    return this.#taken + this.#count;
  }

  /** What was counted since the last time. @returns {import('../../types.js').Tally} */
  take() {
    const tally = { count: this.#count, sum: this.#sum };
    this.#taken += this.#count;
    this.#count = 0;
    this.#sum = 0;
    return tally;
  }

  /**
   * Starts `send` and resolves with the tally when `count` messages have
   * arrived. One too many shows in the next tally.
   *
   * @param {number} count
   * @param {() => void} send
   * @returns {Promise<import('../../types.js').Tally>}
   */
  async expect(count, send) {
    /** @type {Promise<void>} */
    const arrived = new Promise((resolve) => {
      this.#arrived = resolve;
    });
    this.#awaited = count;
    send();
    await arrived;
    return this.take();
  }
}
