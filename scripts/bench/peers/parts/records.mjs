// @ts-check
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';

/** Records that may wait to be written before the sender is held up. */
const MAX_WAITING = 4_096;
const LENGTH_BYTES = 4;
const KIND_BITS = 3;
const MAX_KIND = 7;

/** @typedef {{ value: number }} Message what every record holds */

/** @typedef {(id: number, message: Message) => unknown} Handler what takes the records of one kind */

/**
 * Records on a socket, in frames of a length and many records. A record is a
 * number that says its kind and id, and a message with its length in front.
 * What is sent while a write is in flight goes into one frame.
 */
export class Records {
  #waiting = 0;
  #writing = false;
  #scheduled = false;
  #writer = new BinaryWriter();
  /** @type {(() => void)[]} */
  #held = [];
  /** What came of a frame that is not complete. */
  #rest = Buffer.alloc(0);
  #socket;
  #codec;

  /**
   * @param {import('node:net').Socket} socket
   * @param {import('grpc-duplex').MessageCodec<Message>} codec
   */
  constructor(socket, codec) {
    this.#socket = socket;
    this.#codec = codec;
    socket.on('error', () => {});
  }

  /**
   * Sends a record. False asks the sender to await `ready` before the next one.
   *
   * @param {number} kind 0 to 7
   * @param {number} id below 2^29
   * @param {Message} message
   */
  send(kind, id, message) {
    const writer = this.#writer.uint32(((id << KIND_BITS) | kind) >>> 0).fork();
    this.#codec.encode(message, writer);
    writer.join();
    this.#waiting += 1;
    if (!this.#writing && !this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(this.#flush);
    }
    return this.#waiting < MAX_WAITING;
  }

  /** Resolves when there is room for more. @returns {Promise<void>} */
  ready() {
    return new Promise((resolve) => this.#held.push(resolve));
  }

  /** @param {readonly Handler[]} handlers by kind */
  listen(handlers) {
    this.#socket.on('data', (chunk) => {
      const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
      let at = 0;
      while (bytes.length - at >= LENGTH_BYTES) {
        const end = at + LENGTH_BYTES + bytes.readUInt32BE(at);
        if (end > bytes.length) break;
        this.#read(bytes.subarray(at + LENGTH_BYTES, end), handlers);
        at = end;
      }
      this.#rest = bytes.subarray(at);
    });
  }

  /** @param {Uint8Array} frame @param {readonly Handler[]} handlers */
  #read(frame, handlers) {
    const reader = new BinaryReader(frame);
    while (reader.pos < reader.len) {
      const head = reader.uint32();
      handlers[head & MAX_KIND]?.(head >>> KIND_BITS, this.#codec.decode(reader, reader.uint32()));
    }
  }

  #flush = () => {
    this.#scheduled = false;
    if (this.#waiting === 0) return;
    const body = this.#writer.finish();
    const length = Buffer.allocUnsafe(LENGTH_BYTES);
    length.writeUInt32BE(body.length);
    this.#waiting = 0;
    this.#writing = true;
    this.#socket.cork();
    this.#socket.write(length);
    this.#socket.write(body, this.#written);
    this.#socket.uncork();
    for (const resume of this.#held.splice(0)) resume();
  };

  #written = () => {
    this.#writing = false;
    this.#flush();
  };
}
