import { Code, DuplexError } from '../../errors.js';
import { Field } from '../../wire/fields.js';
import { FrameDecoder, type ReceivedItem } from '../../wire/frame-decoder.js';
import type { SessionTerms } from '../terms.js';
import { Receipts } from './receipts.js';

/** Operations of a plain client that may wait for their handlers before its stream is no longer read. */
const PLAIN_QUEUE_ITEMS = 256;

/** In the place of a decoder while no frame is taken; it never reads one. */
const resting = new FrameDecoder();

/** What the receiver hands out. */
export interface ReceiverListener {
  /** A control message. True if items may follow it in its frame; false to stop with this frame. */
  control(item: ReceivedItem): boolean;
  /** An item in turn. True if it was dispatched, false if it waits. */
  item(item: ReceivedItem): boolean;
}

/**
 * What arrives in a session, in turn: judges each item by its number, drops
 * what it has already, and keeps the receipts. Source: PROTOCOL.md, sections 2 and 7.
 */
export class Receiver {
  readonly receipts: Receipts;
  /** Frames in a row that left a gap, without anything new between them. */
  gaps = 0;
  /** The session's own only while it takes a frame. */
  #decoder = resting;
  readonly #decoders: FrameDecoder[];
  readonly #listener: ReceiverListener;

  /** `decoders` are those that are not in use. */
  constructor(terms: SessionTerms, decoders: FrameDecoder[], listener: ReceiverListener) {
    this.receipts = new Receipts(terms);
    this.#decoders = decoders;
    this.#listener = listener;
  }

  /** Takes the next frame, until `done`. Throws a `protocol` error if it is none. */
  read(frame: Uint8Array): void {
    this.#decoder = this.#decoders.pop() ?? new FrameDecoder();
    this.#decoder.read(frame);
  }

  /** The frame is taken. */
  done(): void {
    this.#decoder.close();
    this.#decoders.push(this.#decoder);
    this.#decoder = resting;
  }

  /** What the frame acknowledges. */
  get acknowledged(): { readonly ack: number; readonly backlog: number } {
    return this.#decoder;
  }

  /** Whether the frame is a control message: a first frame that is none comes from a plain client. */
  get isControl(): boolean {
    // Looking at the first item does not consume it: the decoder has read it already.
    return this.#decoder.itemCount > 0 && this.#decoder.item.number === Field.control;
  }

  /** Whether a plain client should be slowed down. */
  get isFull(): boolean {
    return this.receipts.held >= PLAIN_QUEUE_ITEMS;
  }

  /** Hands out the items of a frame of the plain level, which have no numbers. */
  takePlain(): void {
    while (this.#decoder.next()) {
      const { item } = this.#decoder;
      if (item.number === Field.control) throw violation('a plain session has no control messages');
      const { byteLength } = item;
      if (this.#listener.item(item)) continue;
      this.receipts.hold(byteLength);
      if (this.receipts.held <= 4 * PLAIN_QUEUE_ITEMS) continue;
      const message = `${this.receipts.held} operations wait for their handlers: send less at a time`;
      throw new DuplexError('refused', message, { code: Code.RESOURCE_EXHAUSTED });
    }
  }

  /**
   * Hands out the items of a frame in turn. Returns the number of the item
   * that is missing if the frame leaves a gap; then the rest is not handed out.
   */
  takeNumbered(mayHaveItems: boolean, now: number): number | undefined {
    const { receipts } = this;
    const before = receipts.received;
    const missing = this.#takeInTurn(mayHaveItems, now);
    if (receipts.received > before) {
      this.gaps = 0;
      receipts.owe(now);
    }
    if (missing !== undefined) this.gaps += 1;
    return missing;
  }

  #takeInTurn(mayHaveItems: boolean, now: number): number | undefined {
    const { receipts } = this;
    let mayFollow = mayHaveItems;
    for (let seq = this.#decoder.seq; this.#decoder.next(); seq++) {
      const { item } = this.#decoder;
      if (item.number === Field.control) {
        mayFollow = this.#listener.control(item);
        if (!mayFollow) return undefined;
        // It has no number itself.
        seq -= 1;
        continue;
      }
      if (!mayFollow) throw violation('it sends items before the Welcome');
      if (seq === 0) throw violation('an item has no number');
      const next = receipts.received + 1;
      if (seq > next) return next;
      if (seq < next) receipts.hurry(now);
      else {
        const { byteLength } = item;
        receipts.take(byteLength);
        if (!this.#listener.item(item) && !receipts.hold(byteLength)) throw violation('it overruns the window');
      }
    }
    return undefined;
  }
}

/** What no correct peer does; it ends the session. */
export function violation(what: string): DuplexError {
  return new DuplexError('protocol', `the peer broke the protocol: ${what}`, { origin: 'remote' });
}

/** What went wrong while a frame was taken: nothing that this side's application could be told as its own fault. */
export function asViolation(error: unknown): DuplexError {
  const known = DuplexError.from(error, 'protocol');
  return known.kind === 'fault' ? violation(known.message) : known;
}
