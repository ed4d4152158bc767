import type { MessageCodec } from '../contract/message-codec.js';
import { Code, DuplexError, textOf } from '../errors.js';
import { Context } from '../gen/duplex/v1/session.js';
import type { Batch } from './batch.js';
import type { EncodedItem } from './encoded-item.js';
import { Field, LENGTH_DELIMITED, tagOf, VARINT } from './fields.js';
import { ItemWriter } from './item-writer.js';

const CALL_ID_TAG = tagOf(Field.callId, VARINT);
const REPLY_TO_TAG = tagOf(Field.replyTo, VARINT);
const TIMEOUT_TAG = tagOf(Field.timeoutMs, VARINT);
const CONTEXT_TAG = tagOf(Field.context, LENGTH_DELIMITED);
const UINT32_MAX = 0xffff_ffff;

/** What precedes the content of an item. Zero and undefined are not written. */
export interface ItemHead {
  /** A call that the sender starts; 0 wants no answer. */
  readonly callId: number;
  /** The peer's call that this item belongs to. */
  readonly replyTo: number;
  readonly timeoutMs: number;
  readonly context: Context | undefined;
}

/** The head of an item that wants no answer. */
export const bareHead: ItemHead = Object.freeze({ callId: 0, replyTo: 0, timeoutMs: 0, context: undefined });

/** The head of an item that starts a call, or goes on with it. */
export function callHead(callId: number, timeoutMs = 0, context?: Context): ItemHead {
  return { callId, replyTo: 0, timeoutMs, context };
}

/** The head of an item that answers a call of the peer. */
export function replyHead(replyTo: number): ItemHead {
  return { callId: 0, replyTo, timeoutMs: 0, context: undefined };
}

/**
 * Encodes items: what an envelope says apart from its numbering. The bytes are
 * the same in an envelope of one item and inside `more`, so an item is encoded
 * once however often it is sent. One encoder serves any number of sessions.
 */
export class ItemEncoder {
  // One writer for all items: a writer per message costs four times as much.
  #writer = new ItemWriter();
  #isWriting = false;

  /**
   * The bytes of one item, to be kept. `content` is an init shape: missing
   * fields are defaults. Throws INVALID_ARGUMENT if a field holds what its type
   * cannot.
   */
  encode<Message>(head: ItemHead, number: number, codec: MessageCodec<Message>, content: unknown): Uint8Array {
    return this.encodeOnce(head, number, codec, content).slice();
  }

  /**
   * The same for an item that is sent at once, or not at all: valid until the
   * next one is encoded, or something is appended to `batch`. That is where it
   * will probably go, so it is written there if it fits.
   */
  encodeOnce<Message>(
    head: ItemHead,
    number: number,
    codec: MessageCodec<Message>,
    content: unknown,
    batch?: Batch,
  ): EncodedItem {
    try {
      // Filled in first: ts-proto writes a missing number as NaN without a word.
      const message = codec.fromPartial((content ?? {}) as object);
      if (this.#isWriting) this.#makeRoom();
      const writer = this.#writer.begin(batch?.memoryOfNext, batch?.startOfNext);
      this.#isWriting = true;
      if (head !== bareHead) writeHead(writer, head);
      writer.uint32(tagOf(number, LENGTH_DELIMITED)).fork();
      codec.encode(message, writer);
      return writer.join().end();
    } catch (error) {
      if (error instanceof DuplexError) throw error;
      throw new DuplexError('fault', `${codec.$type} cannot be encoded: ${textOf(error)}`, {
        code: Code.INVALID_ARGUMENT,
        cause: error,
      });
    } finally {
      this.#isWriting = false;
    }
  }

  /** What a message calls while it is written, such as an interceptor, sends something itself: that message goes on elsewhere. */
  #makeRoom(): void {
    this.#writer.leave();
    this.#writer = new ItemWriter();
  }
}

/** Takes any writer, and not only that of its own copy of the library. */
const contextCodec: MessageCodec<Context> = Context;

function writeHead(writer: ItemWriter, head: ItemHead): void {
  if (head.callId !== 0) writeUint(writer.uint32(CALL_ID_TAG), head.callId);
  if (head.replyTo !== 0) writeUint(writer.uint32(REPLY_TO_TAG), head.replyTo);
  if (head.timeoutMs !== 0) writer.uint32(TIMEOUT_TAG).uint32(head.timeoutMs);
  if (head.context !== undefined) {
    contextCodec.encode(head.context, writer.uint32(CONTEXT_TAG).fork());
    writer.join();
  }
}

function writeUint(writer: ItemWriter, value: number): void {
  if (value <= UINT32_MAX) writer.uint32(value);
  else writer.uint64(value);
}
