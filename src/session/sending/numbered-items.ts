import type { Batch } from '../../wire/batch.js';

/**
 * Items that follow each other in a batch, with the numbers that the session
 * gives them, and what of them the window gates. At first they are all of the
 * batch; a frame that takes fewer parts them. Sums over all of them are kept:
 * peers mostly acknowledge whole frames, and then nobody has to go through the
 * items.
 */
export class NumberedItems {
  firstSeq: number;
  bytes = 0;
  gatedItems = 0;
  gatedBytes = 0;
  /** Which items of the batch are gated, where it is neither all nor none: an entry for each takes as much as a message. */
  #gated: boolean[] | undefined;
  readonly batch: Batch;
  /** Number of the first item of the batch. */
  readonly #batchSeq: number;
  /** Number of the last one, unless the batch ends with it. */
  #lastSeq: number | undefined;

  /** All of `batch`, which begins with the number `batchSeq`; nothing of it is counted yet. */
  constructor(batch: Batch, batchSeq: number) {
    this.batch = batch;
    this.firstSeq = batchSeq;
    this.#batchSeq = batchSeq;
  }

  get lastSeq(): number {
    return this.#lastSeq ?? this.#batchSeq + this.batch.count - 1;
  }

  /** Counts the item that was put into the batch last; one that was parted takes no more. */
  count(byteLength: number, isGated: boolean): void {
    const before = this.batch.count - 1;
    if (this.gatedItems !== (isGated ? before : 0)) {
      this.#gated ??= new Array(before).fill(!isGated);
      this.#gated.push(isGated);
    }
    this.#sum(byteLength, isGated);
  }

  #sum(byteLength: number, isGated: boolean): void {
    this.bytes += byteLength;
    if (!isGated) return;
    this.gatedItems += 1;
    this.gatedBytes += byteLength;
  }

  /** Those up to `seq`; the others stay here. */
  takeUpTo(seq: number): NumberedItems {
    const taken = new NumberedItems(this.batch, this.#batchSeq);
    taken.firstSeq = this.firstSeq;
    taken.#lastSeq = seq;
    taken.#gated = this.#gated;
    for (let n = this.firstSeq; n <= seq; n++) taken.#sum(this.sizeOf(n), this.isGated(n));
    this.firstSeq = seq + 1;
    this.bytes -= taken.bytes;
    this.gatedItems -= taken.gatedItems;
    this.gatedBytes -= taken.gatedBytes;
    return taken;
  }

  /** Whether the batch ends with them. */
  get endBatch(): boolean {
    return this.#lastSeq === undefined;
  }

  /** Where in the batch an item is. */
  indexOf(seq: number): number {
    return seq - this.#batchSeq;
  }

  /** How many bytes an item has. */
  sizeOf(seq: number): number {
    return this.batch.sizeAt(this.indexOf(seq));
  }

  /** Whether the window gates an item. */
  isGated(seq: number): boolean {
    return this.#gated === undefined ? this.gatedItems > 0 : (this.#gated[this.indexOf(seq)] as boolean);
  }
}
