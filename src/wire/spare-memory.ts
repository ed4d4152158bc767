/** So much is kept at most, in bytes; the default window lets no more be on its way. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Up to this length one is kept even when nothing is on its way. */
const MAX_IDLE_LENGTH = 4_096;

/**
 * Memory of batches that have arrived, for the next ones. What is allocated
 * for each batch lies outside of V8's heap, has to be zeroed, and makes it
 * collect all of its heap every few megabytes: without this a client that
 * sends messages of 64 KiB takes half as much time again.
 */
export class SpareMemory {
  #spares: Uint8Array[] = [];
  #byteLength = 0;

  /** Memory of at least `length` bytes, and not many more; what it holds is rubbish. */
  take(length: number): Uint8Array {
    const spare = this.#spares.pop();
    if (spare === undefined) return new Uint8Array(length);
    this.#byteLength -= spare.length;
    // Batches of one kind are alike, so the last one nearly always fits; if not it is let go.
    return spare.length >= length && spare.length <= 2 * length ? spare : new Uint8Array(length);
  }

  /** Keeps what nobody reads any more. */
  give(memory: Uint8Array): void {
    if (this.#byteLength + memory.length > MAX_BYTES) return;
    this.#spares.push(memory);
    this.#byteLength += memory.length;
  }

  /** Nothing is on its way: a session that rests keeps next to nothing. */
  rest(): void {
    const last = this.#spares.at(-1);
    if (last === undefined) return;
    const isSmall = last.length <= MAX_IDLE_LENGTH;
    if (isSmall && this.#spares.length === 1) return;
    this.#spares = isSmall ? [last] : [];
    this.#byteLength = isSmall ? last.length : 0;
  }
}
