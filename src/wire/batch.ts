import { EncodedItem, type ItemBytes } from './encoded-item.js';
import { Field, LENGTH_DELIMITED, tagOf, VARINT } from './fields.js';
import { pieceOfSlab } from './slab.js';
import { readVarint, varintSize, writeVarint } from './varint.js';

const SEQ_TAG = tagOf(Field.seq, VARINT);
const ACK_TAG = tagOf(Field.ack, VARINT);
const BACKLOG_TAG = tagOf(Field.backlog, VARINT);
const MORE_TAG = tagOf(Field.more, LENGTH_DELIMITED);

/** Room in front of the first item for the numbering, so that a frame is sent without another copy. */
const HEADROOM = 32;
/** What precedes an item in `more`, at most. */
const PREFIX = 8;
const MIN_CAPACITY = 256;
const NO_BYTES = new Uint8Array(0);
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
  #count = 0;
  #lastLength = 0;
  #lent = false;
  #wasCopied = false;
  /** Items that nobody changes and that go alone, each in its frame: they are not copied before that is. */
  #loose: Uint8Array[] | undefined;
  // Where an item ends is found by going through those before it. Two entries in an array for each item took 4 % of a
  // small message, and nearly all frames begin and end where their batch does.
  #firstEnd = HEADROOM;
  #foundIndex = 0;
  #foundStart = HEADROOM;
  #foundEnd = HEADROOM;

  /** `memory` is where the items go as long as they fit; the batch grows as needed. */
  constructor(memory: Uint8Array = new Uint8Array(Batch.capacityFor(0))) {
    this.#bytes = memory;
  }

  /**
   * Begins with a short item that is to be sent to many, or is likely to go
   * alone. It takes no memory here: where one message goes to each of a thousand
   * sessions, and is acknowledged seconds later, that memory was 256 bytes each.
   */
  static ofOne(item: Uint8Array): Batch {
    const batch = new Batch(NO_BYTES);
    batch.#loose = [];
    batch.appendLoose(item);
    return batch;
  }

  /** Whether further items that go alone may stay where they are. */
  get isLoose(): boolean {
    return this.#loose !== undefined;
  }

  /** Adds one of those. */
  appendLoose(item: Uint8Array): void {
    this.#loose?.push(item);
    this.#end += item.length;
    this.#count += 1;
  }

  /** Bytes that a batch of so many bytes of items should have. */
  static capacityFor(byteLength: number): number {
    return Math.max(byteLength + HEADROOM + PREFIX, MIN_CAPACITY);
  }

  /** How many items there are. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of all items with what separates them. */
  get byteLength(): number {
    return this.#end - HEADROOM;
  }

  /** Where the next item is to be written so that `append` need not move it, if it has room and is like the last one. */
  get memoryOfNext(): Uint8Array {
    return this.#bytes;
  }

  /** From where on. */
  get startOfNext(): number {
    return this.#nextStart(this.#lastLength);
  }

  /** Adds an item's bytes behind the others. */
  append(item: ItemBytes): void {
    this.#settle();
    const { length } = item;
    this.#reserve(length + PREFIX);
    const bytes = this.#bytes;
    const start = this.#nextStart(length);
    if (item instanceof EncodedItem) put(item.memory, item.start, length, bytes, start);
    else put(item, 0, length, bytes, start);
    if (this.#count > 0) {
      bytes[this.#end] = MORE_TAG;
      writeVarint(bytes, this.#end + 1, length);
    }
    this.#lastLength = length;
    this.#end = start + length;
    if (this.#count++ === 0) this.#firstEnd = this.#foundEnd = this.#end;
  }

  /** Where the next item stands if it is so long. */
  #nextStart(length: number): number {
    return this.#count === 0 ? this.#end : this.#end + 1 + varintSize(length);
  }

  /** The bytes of one item, as `append` got them. */
  itemAt(index: number): Uint8Array {
    this.#settle();
    return this.#bytes.slice(this.#startOf(index), this.#endOf(index));
  }

  /** How many these are. */
  sizeAt(index: number): number {
    if (this.#loose !== undefined) return (this.#loose[index] as Uint8Array).length;
    this.#find(index);
    return this.#foundEnd - this.#foundStart;
  }

  /**
   * Up to which item, that one not included, a frame goes that begins with
   * `from` and has no more than so many bytes of items. It has at least one.
   */
  upTo(from: number, maxBytes: number): number {
    if (from === this.#count - 1) return this.#count;
    this.#settle();
    if (this.byteLength <= maxBytes) return this.#count;
    const start = this.#startOf(from);
    let to = from + 1;
    while (to < this.#count && this.#endOf(to) - start <= maxBytes) to += 1;
    return to;
  }

  /**
   * The frame of the items `from` up to, not including, `to`. The first one
   * that begins with the batch's first item shares its memory; a replay is a
   * copy, for the lost carrier may still hold the original.
   */
  frame(from: number, to: number, numbers: FrameNumbers): Uint8Array {
    const alone = to - from === 1 ? this.#loose?.[from] : undefined;
    if (alone !== undefined) return copied(alone, numbers);
    this.#settle();
    const start = this.#startOf(from);
    const end = this.#endOf(to - 1);
    if (from === 0 && !this.#lent) {
      this.#lent = true;
      const at = start - numbersSize(numbers);
      writeNumbers(this.#bytes, at, numbers);
      return this.#bytes.subarray(at, end);
    }
    this.#wasCopied = true;
    return copied(this.#bytes.subarray(start, end), numbers);
  }

  /** The same behind `head`, the frame of a control message: there every item is one of `more`. */
  frameBehind(head: Uint8Array, from: number, to: number): Uint8Array {
    this.#settle();
    this.#wasCopied = true;
    const items = this.#bytes.subarray(this.#startOf(from), this.#endOf(to - 1));
    const length = this.sizeAt(from);
    const frame = new Uint8Array(head.length + 1 + varintSize(length) + items.length);
    frame.set(head);
    frame[head.length] = MORE_TAG;
    frame.set(items, writeVarint(frame, head.length + 1, length));
    return frame;
  }

  /**
   * The memory of a batch whose items have all arrived, to be used again;
   * undefined if somebody may still read it, or there is none. A frame that
   * arrived was read, but of one that was sent twice the first carrier may
   * still hold the original.
   */
  get memory(): Uint8Array | undefined {
    return this.#wasCopied || this.#loose !== undefined ? undefined : this.#bytes;
  }

  /** The items do not stay alone, or go together to whoever missed them. */
  #settle(): void {
    const loose = this.#loose;
    if (loose === undefined) return;
    this.#loose = undefined;
    this.#count = 0;
    this.#end = HEADROOM;
    for (const item of loose) this.append(item);
  }

  #startOf(index: number): number {
    this.#find(index);
    return this.#foundStart;
  }

  #endOf(index: number): number {
    if (index === this.#count - 1) return this.#end;
    this.#find(index);
    return this.#foundEnd;
  }

  /** Who takes one item after the other does not begin with the first each time. */
  #find(index: number): void {
    if (index < this.#foundIndex) {
      this.#foundIndex = 0;
      this.#foundStart = HEADROOM;
      this.#foundEnd = this.#firstEnd;
    }
    for (; this.#foundIndex < index; this.#foundIndex++) {
      const { value, end } = readVarint(this.#bytes, this.#foundEnd + 1);
      this.#foundStart = end;
      this.#foundEnd = end + value;
    }
  }

  #reserve(length: number): void {
    const needed = this.#end + length;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length, MIN_CAPACITY));
    grown.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = grown;
  }
}

/** Copies so many bytes, unless they are there already. */
function put(from: Uint8Array, at: number, length: number, to: Uint8Array, start: number): void {
  if (from === to) {
    if (at !== start) to.copyWithin(start, at, at + length);
  } else if (length <= SHORT_ITEM) {
    for (let i = 0; i < length; i++) to[start + i] = from[at + i] as number;
  } else {
    to.set(from.length === length ? from : from.subarray(at, at + length), start);
  }
}

/** A frame of items that stay where they are. */
function copied(items: Uint8Array, numbers: FrameNumbers): Uint8Array {
  const prefix = numbersSize(numbers);
  const frame = pieceOfSlab(prefix + items.length);
  writeNumbers(frame, 0, numbers);
  frame.set(items, prefix);
  return frame;
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
