import { type BinaryWriter, getTextEncoding } from '@bufbuild/protobuf/wire';
import { EncodedItem } from './encoded-item.js';
import { varintSize, writeVarint } from './varint.js';

/** What generated codecs call of a protobuf writer. */
type WriterMethods = { readonly [Name in keyof BinaryWriter]: (...args: Parameters<BinaryWriter[Name]>) => unknown };

const OWN_BYTES = 256;
/** So much memory of its own a writer keeps at most: a very long message leaves none behind. */
const MAX_OWN_BYTES = 4 * 1024 * 1024;
/** Up to this length a loop writes ASCII faster than `encodeUtf8Into` does. */
const SHORT_TEXT = 32;
const TWO_POW_32 = 0x1_0000_0000;
const { encodeUtf8Into } = getTextEncoding();
/** Where numbers of four and eight bytes are taken apart. */
const parts = new DataView(new ArrayBuffer(8));

/**
 * The protobuf library's writer over again, for memory that it is given: an
 * item is written where it is to stay, and not copied there. It writes the same
 * bytes, and throws for the same values; for bytes that are none, too. What does
 * not fit goes on in memory of the writer's own, so nothing but the item's place
 * is ever touched.
 */
export class ItemWriter implements WriterMethods {
  #own: Uint8Array = new Uint8Array(OWN_BYTES);
  #bytes = this.#own;
  #start = 0;
  #pos = 0;
  /** Where the messages that are being written begin, with a byte for their length. */
  readonly #forks: number[] = [];
  #depth = 0;
  readonly #item = new EncodedItem();

  /** Begins an item at `start` in `memory`; in memory of its own if there is none for it. */
  begin(memory?: Uint8Array, start = 0): this {
    if (this.#own.length > MAX_OWN_BYTES) this.#own = new Uint8Array(OWN_BYTES);
    this.#bytes = memory ?? this.#own;
    this.#start = start;
    this.#pos = start;
    this.#depth = 0;
    return this;
  }

  /** Goes on with what is written in memory of its own. */
  leave(size = 0): void {
    const written = this.#bytes.subarray(this.#start, this.#pos);
    const needed = written.length + size;
    if (needed > this.#own.length) this.#own = new Uint8Array(Math.max(needed, 2 * this.#own.length));
    this.#own.set(written);
    for (let index = 0; index < this.#depth; index++) this.#forks[index] = (this.#forks[index] as number) - this.#start;
    this.#bytes = this.#own;
    this.#start = 0;
    this.#pos = written.length;
  }

  /** What is written, where it is: until `begin`. */
  end(): EncodedItem {
    const item = this.#item;
    item.memory = this.#bytes;
    item.start = this.#start;
    item.length = this.#pos - this.#start;
    return item;
  }

  /** A copy of what is written. */
  finish(): Uint8Array {
    return this.#bytes.slice(this.#start, this.#pos);
  }

  /** Begins a message, or a packed list, whose length comes before it. */
  fork(): this {
    this.#forks[this.#depth++] = this.#pos;
    this.#reserve(1);
    this.#pos += 1;
    return this;
  }

  join(): this {
    if (this.#depth === 0) throw new Error('join without fork');
    const fork = this.#forks[--this.#depth] as number;
    const length = this.#pos - fork - 1;
    if (length > 127) this.#widen(length);
    else this.#bytes[fork] = length;
    return this;
  }

  tag(fieldNo: number, type: number): this {
    return this.uint32(((fieldNo << 3) | type) >>> 0);
  }

  raw(chunk: Uint8Array): this {
    this.#reserve(chunk.length);
    this.#bytes.set(chunk, this.#pos);
    this.#pos += chunk.length;
    return this;
  }

  uint32(value: number): this {
    const whole = value >>> 0;
    if (whole !== value) checkInteger(value, whole, 'uint32');
    this.#reserve(5);
    this.#pos = writeVarint(this.#bytes, this.#pos, whole);
    return this;
  }

  int32(value: number): this {
    const whole = value | 0;
    if (whole !== value) checkInteger(value, whole, 'int32');
    return whole < 0 ? this.#varint(whole >>> 0, TWO_POW_32 - 1) : this.uint32(whole);
  }

  sint32(value: number): this {
    const whole = value | 0;
    if (whole !== value) checkInteger(value, whole, 'int32');
    return this.uint32(((whole << 1) ^ (whole >> 31)) >>> 0);
  }

  bool(value: boolean): this {
    this.#reserve(1);
    this.#bytes[this.#pos++] = value ? 1 : 0;
    return this;
  }

  bytes(value: Uint8Array): this {
    const { length, byteLength } = value;
    // From JavaScript it may be a buffer without numbers in it, or an array of numbers that are longer than a byte.
    if (length !== byteLength) throw new Error('bytes have to be a Uint8Array');
    return this.uint32(length).raw(value);
  }

  string(value: string): this {
    // From JavaScript it may be something else.
    const text = String(value);
    const { length } = text;
    if (length <= SHORT_TEXT && this.#ascii(text)) return this;
    this.#reserve(3 * length + 5);
    const pos = this.#pos;
    const prefix = varintSize(length);
    const { written } = encodeUtf8Into(text, this.#bytes.subarray(pos + prefix));
    const start = pos + varintSize(written);
    if (start !== pos + prefix) this.#bytes.copyWithin(start, pos + prefix, pos + prefix + written);
    writeVarint(this.#bytes, pos, written);
    this.#pos = start + written;
    return this;
  }

  float(value: number): this {
    if (typeof value !== 'number' || !Number.isFinite(Math.fround(value))) checkFloat(value);
    parts.setFloat32(0, value, true);
    return this.#fixed(parts.getInt32(0, true));
  }

  double(value: number): this {
    parts.setFloat64(0, value, true);
    return this.#eight();
  }

  fixed32(value: number): this {
    const whole = value >>> 0;
    if (whole !== value) checkInteger(value, whole, 'uint32');
    return this.#fixed(whole);
  }

  sfixed32(value: number): this {
    const whole = value | 0;
    if (whole !== value) checkInteger(value, whole, 'int32');
    return this.#fixed(whole);
  }

  fixed64(value: string | number | bigint): this {
    takeApart(value, 'uint64');
    return this.#eight();
  }

  sfixed64(value: string | number | bigint): this {
    takeApart(value, 'int64');
    return this.#eight();
  }

  uint64(value: string | number | bigint): this {
    takeApart(value, 'uint64');
    return this.#varint(parts.getUint32(0, true), parts.getUint32(4, true));
  }

  int64(value: string | number | bigint): this {
    takeApart(value, 'int64');
    return this.#varint(parts.getUint32(0, true), parts.getUint32(4, true));
  }

  sint64(value: string | number | bigint): this {
    takeApart(value, 'int64');
    const low = parts.getInt32(0, true);
    const high = parts.getInt32(4, true);
    const sign = high >> 31;
    return this.#varint(((low << 1) ^ sign) >>> 0, (((high << 1) | (low >>> 31)) ^ sign) >>> 0);
  }

  #reserve(size: number): void {
    if (this.#pos + size > this.#bytes.length) this.leave(size);
  }

  /** Writes the length of the message that ends here, where room for one byte was left. */
  #widen(length: number): void {
    const more = varintSize(length) - 1;
    this.#reserve(more);
    const start = this.#pos - length;
    this.#bytes.copyWithin(start + more, start, this.#pos);
    writeVarint(this.#bytes, start - 1, length);
    this.#pos += more;
  }

  /** Writes a short text if it is ASCII. */
  #ascii(text: string): boolean {
    const { length } = text;
    this.#reserve(length + 1);
    const bytes = this.#bytes;
    let pos = this.#pos;
    bytes[pos++] = length;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return false;
      bytes[pos++] = code;
    }
    this.#pos = pos;
    return true;
  }

  #fixed(value: number): this {
    this.#reserve(4);
    const bytes = this.#bytes;
    const pos = this.#pos;
    bytes[pos] = value;
    bytes[pos + 1] = value >>> 8;
    bytes[pos + 2] = value >>> 16;
    bytes[pos + 3] = value >>> 24;
    this.#pos = pos + 4;
    return this;
  }

  /** Writes what was taken apart. */
  #eight(): this {
    return this.#fixed(parts.getInt32(0, true)).#fixed(parts.getInt32(4, true));
  }

  /** Writes a varint of 64 bits by its halves. */
  #varint(low: number, high: number): this {
    this.#reserve(10);
    const bytes = this.#bytes;
    let pos = this.#pos;
    while (high > 0 || low > 127) {
      bytes[pos++] = (low & 127) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    bytes[pos++] = low;
    this.#pos = pos;
    return this;
  }
}

/** Throws unless `value` is `whole`, or the text of it. */
function checkInteger(value: unknown, whole: number, type: 'int32' | 'uint32'): void {
  if (typeof value !== 'string' || Number(value) !== whole) throw new Error(`invalid ${type}: ${String(value)}`);
}

/** Throws unless `value` is a number, or the text of one, that a float can hold. NaN and infinities are. */
function checkFloat(value: unknown): void {
  const number = typeof value === 'string' ? Number(value) : value;
  const isNumber = typeof number === 'number' && (number === value || !Number.isNaN(number) || String(value) === 'NaN');
  if (!isNumber || (Number.isFinite(number) && !Number.isFinite(Math.fround(number)))) {
    throw new Error(`invalid float32: ${String(value)}`);
  }
}

/** Puts an integer of 64 bits into `parts`. Throws if it is none. */
function takeApart(value: string | number | bigint, type: 'int64' | 'uint64'): void {
  if (Number.isSafeInteger(value) && (type === 'int64' || Number(value) >= 0)) {
    parts.setUint32(0, Number(value) >>> 0, true);
    parts.setUint32(4, Math.floor(Number(value) / TWO_POW_32) >>> 0, true);
    return;
  }
  const big = BigInt(value);
  if ((type === 'int64' ? BigInt.asIntN(64, big) : BigInt.asUintN(64, big)) !== big) {
    throw new Error(`invalid ${type}: ${value}`);
  }
  parts.setBigInt64(0, big, true);
}
