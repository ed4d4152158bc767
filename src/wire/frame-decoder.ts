import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { MessageCodec } from '../contract/message-codec.js';
import { Code, DuplexError } from '../errors.js';
import { Context } from '../gen/duplex/v1/session.js';
import { FIRST_CONTENT_FIELD, FIXED32, FIXED64, Field, LENGTH_DELIMITED, VARINT } from './fields.js';

/** An item as it is read from a frame. Valid only until the decoder moves on. */
export interface ReceivedItem {
  readonly callId: number;
  readonly replyTo: number;
  readonly timeoutMs: number;
  readonly context: Context | undefined;
  /** Field number of the content's arm; 0 if there is no content. */
  readonly number: number;
  /** Encoded length of the content in bytes. */
  readonly byteLength: number;
  /** Decodes the content. Throws INVALID_ARGUMENT if the bytes are not such a message. */
  decode<Message>(codec: MessageCodec<Message>): Message;
}

/**
 * Reads frames: first the numbering of a whole frame, then item by item. It
 * knows envelopes in general and no contract in particular. Whatever is wrong
 * with a frame itself throws a `protocol` error; bytes from a peer can do no
 * other harm.
 *
 *     decoder.read(frame);
 *     decoder.seq, decoder.ack, decoder.backlog, decoder.itemCount
 *     while (decoder.next()) handle(decoder.item);
 */
export class FrameDecoder {
  seq = 0;
  ack = 0;
  backlog = 0;
  /** Items in the frame, counted before any is handed out. */
  itemCount = 0;
  readonly #item = new Item();
  #moreAt = 0;
  #remaining = 0;

  /** The item that `next` moved to. */
  get item(): ReceivedItem {
    return this.#item;
  }

  /**
   * Takes a frame and reads its numbering. Fields may stand in any order:
   * most encoders write `more` before the content of the first item.
   */
  read(frame: Uint8Array): void {
    const item = this.#item;
    item.open(frame);
    this.seq = 0;
    this.ack = 0;
    this.backlog = 0;
    this.#moreAt = frame.length;
    let more = 0;
    while (item.pos < frame.length) {
      const start = item.pos;
      const tag = item.readTag();
      if (tag === MORE) {
        if (more++ === 0) this.#moreAt = start;
        item.skip(LENGTH_DELIMITED);
      } else if (tag === SEQ) this.seq = item.readUint();
      else if (tag === ACK) this.ack = item.readUint();
      else if (tag === BACKLOG) this.backlog = item.readUint();
      else item.readField(tag);
    }
    this.itemCount = (item.number === 0 ? 0 : 1) + more;
    item.check();
    if (more > 0 && item.number === 0) throw violation('a frame has items in `more` but none of its own');
    this.#remaining = this.itemCount;
  }

  /** Lets go of the frame: a decoder that rests must not keep it, nor the memory around it. */
  close(): void {
    this.#item.close();
  }

  /** Moves to the next item of the frame; false at its end. */
  next(): boolean {
    if (this.#remaining === 0) {
      this.close();
      return false;
    }
    if (this.#remaining-- === this.itemCount) return true;
    const item = this.#item;
    item.pos = this.#moreAt;
    // Unknown and numbering fields may stand between two `more` fields.
    for (let tag = item.readTag(); tag !== MORE; tag = item.readTag()) item.skip(tag & 7);
    const end = item.readLength();
    item.reset();
    while (item.pos < end) {
      const tag = item.readTag();
      if (tag === MORE || tag >>> 3 < Field.callId) throw violation('`more` nests or has a number of its own');
      item.readField(tag);
    }
    if (item.pos !== end) throw violation('an item does not end where its length says');
    if (item.number === 0) throw violation('an item in `more` has no content');
    item.check();
    this.#moreAt = end;
    return true;
  }
}

const SEQ = (Field.seq << 3) | VARINT;
const ACK = (Field.ack << 3) | VARINT;
const BACKLOG = (Field.backlog << 3) | VARINT;
const MORE = (Field.more << 3) | LENGTH_DELIMITED;
const CALL_ID = (Field.callId << 3) | VARINT;
const REPLY_TO = (Field.replyTo << 3) | VARINT;
const TIMEOUT_MS = (Field.timeoutMs << 3) | VARINT;
const CONTEXT = (Field.context << 3) | LENGTH_DELIMITED;
const NO_BYTES = new Uint8Array(0);
/** 8 bytes of a varint hold 56 bits: past that no value is a safe integer. */
const MAX_SCALE = 2 ** 56;

/** The reading position and the fields of one item; reused for every item of every frame. */
class Item implements ReceivedItem {
  callId = 0;
  replyTo = 0;
  timeoutMs = 0;
  number = 0;
  pos = 0;
  #bytes: Uint8Array = NO_BYTES;
  #contentAt = 0;
  #contentEnd = 0;
  #contextAt = 0;
  #contextEnd = 0;
  #reader: BinaryReader | undefined;
  /** Whether codecs were seen that belong to another copy of the protobuf library, as in a CommonJS program. */
  #foreignCodecs = false;

  get byteLength(): number {
    return this.#contentEnd - this.#contentAt;
  }

  get context(): Context | undefined {
    if (this.#contextEnd === 0) return undefined;
    return this.#decode(Context, this.#contextAt, this.#contextEnd);
  }

  decode<Message>(codec: MessageCodec<Message>): Message {
    return this.#decode(codec, this.#contentAt, this.#contentEnd);
  }

  open(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#reader = undefined;
    this.pos = 0;
    this.reset();
  }

  close(): void {
    this.#bytes = NO_BYTES;
    this.#reader = undefined;
  }

  reset(): void {
    this.callId = 0;
    this.replyTo = 0;
    this.timeoutMs = 0;
    this.number = 0;
    this.#contextEnd = 0;
    this.#contentAt = 0;
    this.#contentEnd = 0;
  }

  /** Takes one field of an item whose tag was just read; unknown ones below the content arms are skipped. */
  readField(tag: number): void {
    if (tag >>> 3 >= FIRST_CONTENT_FIELD) this.#readContent(tag);
    else if (tag === CALL_ID) this.callId = this.readUint();
    else if (tag === REPLY_TO) this.replyTo = this.readUint();
    else if (tag === TIMEOUT_MS) this.timeoutMs = this.readUint();
    else if (tag === CONTEXT) {
      this.#contextEnd = this.readLength();
      this.#contextAt = this.pos;
      this.pos = this.#contextEnd;
    } else this.skip(tag & 7);
  }

  /** Checks what can only be judged once all fields are read. */
  check(): void {
    if (this.callId !== 0 && this.replyTo !== 0) throw violation('an item both starts a call and answers one');
  }

  #readContent(tag: number): void {
    if ((tag & 7) !== LENGTH_DELIMITED) throw violation(`field ${tag >>> 3} is not a message`);
    if (this.number !== 0) throw violation(`two contents in one item: fields ${this.number} and ${tag >>> 3}`);
    this.number = tag >>> 3;
    this.#contentEnd = this.readLength();
    this.#contentAt = this.pos;
    this.pos = this.#contentEnd;
  }

  /** Reads a length and returns the position where the bytes it counts end. */
  readLength(): number {
    const length = this.readUint();
    const end = this.pos + length;
    if (end > this.#bytes.length) throw violation('a field is longer than its frame');
    return end;
  }

  readTag(): number {
    const tag = this.readUint();
    if (tag > 0xffff_ffff || tag < 8) throw violation('not a protobuf message');
    return tag;
  }

  readUint(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.pos++];
    if (byte === undefined) throw violation('a frame ends within a field');
    if (byte < 128) return byte;
    let value = byte & 127;
    for (let scale = 128; ; scale *= 128) {
      byte = bytes[this.pos++];
      if (byte === undefined) throw violation('a frame ends within a field');
      if (scale >= MAX_SCALE) throw violation('an integer of 2^53 or more');
      value += (byte & 127) * scale;
      if (byte < 128) break;
    }
    if (value > Number.MAX_SAFE_INTEGER) throw violation('an integer of 2^53 or more');
    return value;
  }

  skip(wireType: number): void {
    if (wireType === VARINT) {
      while ((this.#bytes[this.pos++] ?? 0) > 127);
    } else if (wireType === LENGTH_DELIMITED) this.pos = this.readLength();
    else if (wireType === FIXED64) this.pos += 8;
    else if (wireType === FIXED32) this.pos += 4;
    else throw violation(`wire type ${wireType} in an envelope`);
    if (this.pos > this.#bytes.length) throw violation('a frame ends within a field');
  }

  #decode<Message>(codec: MessageCodec<Message>, at: number, end: number): Message {
    if (this.#foreignCodecs) return this.#decodeBytes(codec, at, end);
    this.#reader ??= new BinaryReader(this.#bytes);
    const reader = this.#reader;
    try {
      reader.pos = at;
      const message = codec.decode(reader, end - at);
      if (reader.pos === end) return message;
    } catch (cause) {
      // A codec that judges what it read says so by an error of ours.
      if (cause instanceof DuplexError) throw cause;
      if (reader.pos !== at) throw malformed(codec, cause);
      // Nothing was read: a codec takes the reader of another copy of the library for bytes, and fails on it.
      const message = this.#decodeBytes(codec, at, end);
      this.#foreignCodecs = true;
      return message;
    }
    throw malformed(codec, undefined);
  }

  /** Every codec takes bytes, but a reader of its own for each message costs time. */
  #decodeBytes<Message>(codec: MessageCodec<Message>, at: number, end: number): Message {
    try {
      return codec.decode(this.#bytes.subarray(at, end));
    } catch (cause) {
      throw cause instanceof DuplexError ? cause : malformed(codec, cause);
    }
  }
}

function malformed(codec: MessageCodec, cause: unknown): DuplexError {
  return new DuplexError('fault', `not a ${codec.$type}`, { code: Code.INVALID_ARGUMENT, origin: 'remote', cause });
}

/** A frame that no correct peer sends; it ends the session. */
function violation(what: string): DuplexError {
  return new DuplexError('protocol', `the peer broke the protocol: ${what}`, { origin: 'remote' });
}
