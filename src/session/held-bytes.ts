/**
 * The bytes that all sessions of one host hold: sent and not released by the
 * peer, waiting to be sent, received and not handled. Each session has bounds
 * of its own, which a thousand of them may fill at the same time. Past half of
 * the limit each may hold an equal share of that half, so that who awaits what
 * it sends is slowed down; past the limit `over` is called, to end who holds most.
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

  /** How much one session may send ahead now; Infinity while there is plenty for all. */
  get share(): number {
    const half = this.#limit / 2;
    return this.#total <= half ? Number.POSITIVE_INFINITY : half / Math.max(1, this.#holders);
  }

  /** A session holds `after` bytes, where it held `before`. */
  change(before: number, after: number): void {
    if (before === 0) this.#holders += 1;
    if (after === 0) this.#holders -= 1;
    this.#total += after - before;
    if (after > before && this.isOver) this.#over();
  }
}
