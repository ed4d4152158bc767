/**
 * The bytes that all sessions of one host hold: sent and not released by the
 * peer, waiting to be sent, received and not handled. Each session has bounds
 * of its own, which a thousand of them may fill at the same time. Past half of
 * the limit each may send ahead an equal share of that half, so that calls,
 * answers and streams are slowed down; past the limit `over` is called.
 */
export class HeldBytes {
  #total = 0;
  #holders = 0;
  readonly #limit: number;
  readonly #over: () => void;

  constructor(limit: number, over: () => void) {
    this.#limit = limit;
    this.#over = over;
  }

  get total(): number {
    return this.#total;
  }

  get isOver(): boolean {
    return this.#total > this.#limit;
  }

  /** Whether it is twice as much as may be: then nothing is waited for. */
  get isFarOver(): boolean {
    return this.#total > 2 * this.#limit;
  }

  /** Whether there is not plenty for all any more. */
  get isShort(): boolean {
    return this.#total > this.#limit / 2;
  }

  /** How much one session may send ahead now; Infinity while there is plenty for all. */
  get share(): number {
    return this.isShort ? this.#limit / 2 / Math.max(1, this.#holders) : Number.POSITIVE_INFINITY;
  }

  /** A session holds `after` bytes, where it held `before`. */
  change(before: number, after: number): void {
    if (before === 0) this.#holders += 1;
    if (after === 0) this.#holders -= 1;
    this.#total += after - before;
    if (after > before && this.isOver) this.#over();
  }
}
