const SLAB_BYTES = 8_192;
/** Longer ones have memory of their own. */
const MAX_LENGTH = 1_024;

let slab = new Uint8Array(SLAB_BYTES);
let taken = 0;

/**
 * Memory for a short frame, all zero, of which nobody gets the same piece
 * again. Many share one buffer, as in Node's own pool: a buffer for each lies
 * outside of V8's heap and costs more than all else that makes such a frame.
 */
export function pieceOfSlab(length: number): Uint8Array {
  if (length > MAX_LENGTH) return new Uint8Array(length);
  if (taken + length > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES);
    taken = 0;
  }
  taken += length;
  return slab.subarray(taken - length, taken);
}
