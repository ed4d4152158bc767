import { EncodedItem, type ItemBytes } from './encoded-item.js';
import { Field, LENGTH_DELIMITED, tagOf, VARINT } from './fields.js';
import { varintSize, writeVarint } from './varint.js';

const SEQ_TAG = tagOf(Field.seq, VARINT);
const ACK_TAG = tagOf(Field.ack, VARINT);
const BACKLOG_TAG = tagOf(Field.backlog, VARINT);
const MORE_TAG = tagOf(Field.more, LENGTH_DELIMITED);

/** Room in front of the first item for the numbering, so that a frame is sent without another copy. */
const HEADROOM = 32;
/** What precedes an item in `more`, at most. */
const PREFIX = 8;
const MIN_CAPACITY = 256;
/** Up to this length a loop copies faster than `Uint8Array.set`. */
const SHORT_ITEM = 48;

/** The numbering in front of a frame's items. All zero at the plain level. */
export interface FrameNumbers {
  readonly seq: number;
  readonly ack: number;
  readonly backlog: number;
}

/**
 * Encoded items in one piece of memory, in the form in which a frame carries
 * them: the first one bare, each further one as a `more` field. A frame is cut
 * from it by writing the numbering in front.
 */
export class Batch {
  #bytes: Uint8Array;
  #end = HEADROOM;
  #lent = false;
  #wasCopied = false;
  /** Where each item's own bytes begin and end, two entries an item. */
  readonly #bounds: number[] = [];

  /** `memory` is where the items go as long as they fit; the batch grows as needed. */
  constructor(memory: Uint8Array = new Uint8Array(Batch.capacityFor(0))) {
    this.#bytes = memory;
  }

  /** Bytes that a batch of so many bytes of items should have. */
  static capacityFor(byteLength: number): number {
    return Math.max(byteLength + HEADROOM + PREFIX, MIN_CAPACITY);
  }

  /** How many items there are. */
  get count(): number {
    return this.#bounds.length >> 1;
  }

  /** Bytes of all items with what separates them. */
  get byteLength(): number {
    return this.#end - HEADROOM;
  }

  /** Adds an item's bytes behind the others. */
  append(item: ItemBytes): void {
    const { length } = item;
    const source = item instanceof EncodedItem ? item.bytes : item;
    this.#reserve(length + PREFIX);
    const bytes = this.#bytes;
    let pos = this.#end;
    if (this.#bounds.length > 0) {
      bytes[pos++] = MORE_TAG;
      pos = writeVarint(bytes, pos, length);
    }
    const start = pos;
    if (length <= SHORT_ITEM) {
      for (let i = 0; i < length; i++) bytes[pos++] = source[i] as number;
    } else {
      bytes.set(source.length === length ? source : source.subarray(0, length), pos);
      pos += length;
    }
    this.#bounds.push(start, pos);
    this.#end = pos;
  }

  /** The bytes of one item, as `append` got them. */
  itemAt(index: number): Uint8Array {
    return this.#bytes.slice(this.#bounds[2 * index], this.#bounds[2 * index + 1]);
  }

  /** Bytes of the items `from` up to, not including, `to`, with what separates them. */
  sizeOf(from: number, to: number): number {
    return (this.#bounds[2 * to - 1] ?? 0) - (this.#bounds[2 * from] ?? 0);
  }

  /**
   * The frame of the items `from` up to, not including, `to`. The first one
   * that begins with the batch's first item shares its memory; a replay is a
   * copy, for the lost carrier may still hold the original.
   */
  frame(from: number, to: number, numbers: FrameNumbers): Uint8Array {
    const start = this.#bounds[2 * from] ?? HEADROOM;
    const end = this.#bounds[2 * to - 1] ?? HEADROOM;
    const prefix = numbersSize(numbers);
    if (from === 0 && !this.#lent) {
      this.#lent = true;
      writeNumbers(this.#bytes, start - prefix, numbers);
      return this.#bytes.subarray(start - prefix, end);
    }
    this.#wasCopied = true;
    const frame = new Uint8Array(prefix + end - start);
    writeNumbers(frame, 0, numbers);
    frame.set(this.#bytes.subarray(start, end), prefix);
    return frame;
  }

  /**
   * The memory of a batch whose items have all arrived, to be used again;
   * undefined if somebody may still read it. A frame that arrived was read,
   * but of one that was sent twice the first carrier may still hold the original.
   */
  get memory(): Uint8Array | undefined {
    return this.#wasCopied ? undefined : this.#bytes;
  }

  #reserve(length: number): void {
    const needed = this.#end + length;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = grown;
  }
}

/** A frame that carries nothing but an acknowledgement. With `ack` 0 it opens a plain session. */
export function ackFrame(numbers: FrameNumbers): Uint8Array {
  const frame = new Uint8Array(numbersSize(numbers));
  writeNumbers(frame, 0, numbers);
  return frame;
}

function numbersSize({ seq, ack, backlog }: FrameNumbers): number {
  let size = 0;
  if (seq > 0) size += 1 + varintSize(seq);
  if (ack > 0) size += 1 + varintSize(ack);
  if (backlog > 0) size += 1 + varintSize(backlog);
  return size;
}

function writeNumbers(bytes: Uint8Array, at: number, { seq, ack, backlog }: FrameNumbers): void {
  let pos = at;
  if (seq > 0) {
    bytes[pos++] = SEQ_TAG;
    pos = writeVarint(bytes, pos, seq);
  }
  if (ack > 0) {
    bytes[pos++] = ACK_TAG;
    pos = writeVarint(bytes, pos, ack);
  }
  if (backlog > 0) {
    bytes[pos++] = BACKLOG_TAG;
    writeVarint(bytes, pos, backlog);
  }
}
