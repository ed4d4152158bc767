const NO_BYTES = new Uint8Array(0);

/**
 * An item where it was written, so long as nothing else is written there.
 * Whoever wants to keep it takes a `slice`.
 */
export class EncodedItem {
  /** The item is what stands here from `start` on. */
  memory: Uint8Array = NO_BYTES;
  start = 0;
  length = 0;

  /** A copy to keep. */
  slice(): Uint8Array {
    return this.memory.slice(this.start, this.start + this.length);
  }
}

/** The bytes of an item, lent or to keep. */
export type ItemBytes = Uint8Array | EncodedItem;
