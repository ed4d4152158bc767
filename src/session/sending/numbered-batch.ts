import type { Batch } from '../../wire/batch.js';

/**
 * Items in one piece of memory, with the numbers that the session gives them,
 * and what of them the window gates. Sums over all of them are kept: peers
 * mostly acknowledge whole frames, and then nobody has to go through the items.
 */
export class NumberedBatch {
  bytes = 0;
  gatedItems = 0;
  gatedBytes = 0;
  /** Which items are gated, where it is neither all of them nor none: an entry for each takes as much as a message. */
  #gated: boolean[] | undefined;
  readonly batch: Batch;
  readonly firstSeq: number;

  /** `batch` has one item, which is not counted yet. */
  constructor(batch: Batch, firstSeq: number) {
    this.batch = batch;
    this.firstSeq = firstSeq;
  }

  get lastSeq(): number {
    return this.firstSeq + this.batch.count - 1;
  }

  /** Counts the item that was put into the batch last. */
  count(byteLength: number, isGated: boolean): void {
    const before = this.batch.count - 1;
    if (this.gatedItems !== (isGated ? before : 0)) {
      this.#gated ??= new Array(before).fill(!isGated);
      this.#gated.push(isGated);
    }
    this.bytes += byteLength;
    if (!isGated) return;
    this.gatedItems += 1;
    this.gatedBytes += byteLength;
  }

  /** Whether the window gates an item. */
  isGated(index: number): boolean {
    return this.#gated === undefined ? this.gatedItems > 0 : (this.#gated[index] as boolean);
  }
}
