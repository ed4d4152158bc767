/** Takes down what must not have happened. `rule` names the promise that was broken. */
export type Report = (rule: string, message: string) => void;

/** What a caller knows of a call that has not begun, as far as it knows. */
type Fate = 'refused' | 'withdrawn';

/**
 * Checker A's books of one direction of one session: every call is numbered
 * when it is made, and has to begin once, in that order, unless its caller was
 * told that it did not run, or withdrew it.
 */
export class Ledger {
  #made = 0;
  #lastBegun = 0;
  readonly #begun = new Set<number>();
  readonly #fates = new Map<number, Fate>();
  /** Calls that serve a call of the other side: they overtake what waits for the window, or for its turn. */
  readonly #nested = new Set<number>();
  readonly #report: Report;
  readonly name: string;

  constructor(name: string, report: Report) {
    this.name = name;
    this.#report = report;
  }

  /** The number of the call that was made last. */
  get made(): number {
    return this.#made;
  }

  /** The number of the call that began last. */
  get lastBegun(): number {
    return this.#lastBegun;
  }

  /** A call is about to be made. */
  make(): number {
    this.#made += 1;
    return this.#made;
  }

  /** A call that serves a call of the other side is about to be made. */
  makeNested(): number {
    const number = this.make();
    this.#nested.add(number);
    return number;
  }

  /** The caller was told that the call did not run. */
  refuse(number: number): void {
    if (this.#begun.has(number))
      this.#report('truth', `${this.name}:${number} ran, but its caller was told it did not`);
    this.#fates.set(number, 'refused');
  }

  /** The caller no longer knows, or cares, whether the call runs. */
  withdraw(number: number): void {
    if (!this.#fates.has(number)) this.#fates.set(number, 'withdrawn');
  }

  /** The handler of a call begins at the other side. */
  begin(number: number): void {
    const call = `${this.name}:${number}`;
    if (this.#begun.has(number)) return this.#report('once', `${call} ran twice`);
    if (number > this.#made) return this.#report('once', `${call} ran, but was never made`);
    const isNested = this.#nested.has(number);
    if (number < this.#lastBegun && !isNested) this.#report('order', `${call} ran after ${this.#lastBegun}`);
    if (this.#fates.get(number) === 'refused')
      this.#report('truth', `${call} ran after its caller was told it did not`);
    const skipped = this.owedBetween(this.#lastBegun, number).filter((one) => !this.#nested.has(one));
    if (skipped.length > 0 && !isNested) this.#report('order', `${call} ran, but ${skipped} before it did not`);
    this.#begun.add(number);
    if (!isNested) this.#lastBegun = Math.max(this.#lastBegun, number);
  }

  isNested(number: number): boolean {
    return this.#nested.has(number);
  }

  hasBegun(number: number): boolean {
    return this.#begun.has(number);
  }

  /** Whether a call that was made before `number` has still to begin. */
  owesBefore(number: number): boolean {
    return this.owedBetween(this.#lastBegun, number).length > 0;
  }

  /** The calls that have neither begun nor been given up. */
  get owed(): readonly number[] {
    return this.owedBetween(0, this.#made + 1);
  }

  /** The calls after `from` and before `to` that have neither begun nor been given up. */
  owedBetween(from: number, to: number): readonly number[] {
    const owed: number[] = [];
    for (let number = from + 1; number < to; number++) {
      if (!this.#begun.has(number) && !this.#fates.has(number)) owed.push(number);
    }
    return owed;
  }
}
