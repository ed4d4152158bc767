import { Code } from '../errors.js';
import { type Goodbye, type Grant, Reason } from '../gen/duplex/v1/session.js';
import { ackFrame } from '../wire/batch.js';
import { type ControlMessage, controlFrame } from '../wire/control.js';
import type { Acknowledgement } from './receipts.js';

const silentGoodbye: Goodbye = Object.freeze({
  reason: Reason.UNSPECIFIED,
  code: Code.OK,
  message: '',
  mayResume: false,
  lastSeq: undefined,
  retryAfterMs: 0,
  target: '',
});

/**
 * Control messages that wait for the carrier. They never wait behind items,
 * are never numbered and never replayed: a new carrier starts with none.
 */
export class Controls {
  #queue: (ControlMessage | 'ack')[] = [];

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  push(message: ControlMessage): void {
    // Of questions and answers whether somebody lives the last counts: who asks and never reads must not fill memory.
    const { $case } = message;
    const replaces = $case === 'ping' || $case === 'pong';
    if (replaces) this.#queue = this.#queue.filter((queued) => queued === 'ack' || queued.$case !== $case);
    this.#queue.push(message);
  }

  /** An acknowledgement alone; without anything to acknowledge it is an empty frame. */
  ack(): void {
    this.#queue.push('ack');
  }

  /** A Goodbye that says this much and leaves the rest empty. */
  goodbye(said: Partial<Goodbye>): void {
    this.#queue.push({ $case: 'goodbye', value: { ...silentGoodbye, ...said } });
  }

  /** Credit for a stream; what is granted in one turn goes as one message. */
  grant(grant: Grant): void {
    const last = this.#queue.at(-1);
    if (last !== undefined && last !== 'ack' && last.$case === 'credit') last.value.grants.push(grant);
    else this.push({ $case: 'credit', value: { grants: [grant] } });
  }

  clear(): void {
    this.#queue = [];
  }

  /** The frame of the next one. */
  nextFrame(acknowledgement: Acknowledgement): Uint8Array {
    const numbers = { seq: 0, ...acknowledgement };
    const message = this.#queue.shift();
    return message === undefined || message === 'ack' ? ackFrame(numbers) : controlFrame(message, numbers);
  }
}
