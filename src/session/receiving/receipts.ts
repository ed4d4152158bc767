import type { SessionTerms } from '../terms.js';

/** An acknowledgement that rides on nothing else waits this long. */
const ACK_DELAY_MS = 1_000;
/**
 * One that lets the peer drop no more than so much waits longer: it costs both
 * sides as much as an item does, a twentieth of all work where a thousand
 * sessions are called back twenty times a second. Of a small window it is less.
 */
const LITTLE = Object.freeze({ items: 64, bytes: 8 * 1024, part: 1 / 16, delayMs: 5_000 });

/** What a frame says of the other direction: all up to `ack` is held, `backlog` of it not dispatched yet. */
export interface Acknowledgement {
  readonly ack: number;
  readonly backlog: number;
}

/**
 * What this side received and owes the peer an acknowledgement for. `received`
 * is the number of the last item held; of these `held` wait for a handler.
 * Acknowledgements ride on whatever is sent; alone they go after a quarter of
 * the window, or a second, or five if there is little to say.
 */
export class Receipts {
  received = 0;
  held = 0;
  #bytes = 0;
  #heldBytes = 0;
  #saidReceived = 0;
  #saidReleased = 0;
  #ackAt = Number.POSITIVE_INFINITY;
  /** Whether `#ackAt` is so late because there is little to say. */
  #isLittle = false;
  readonly #terms: SessionTerms;

  constructor(terms: SessionTerms) {
    this.#terms = terms;
  }

  /** When an acknowledgement has to go even if nothing else does. */
  get deadline(): number {
    return this.#ackAt;
  }

  /** Whether the peer does not know the present marks yet. */
  get owes(): boolean {
    return this.#saidReceived !== this.received || this.#saidReleased !== this.received - this.held;
  }

  /** Bytes of what waits for its handler. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Takes the next item in turn; `byteLength` as it arrived. After the last one of a frame comes `owe`. */
  take(byteLength: number): void {
    this.received += 1;
    this.#bytes += byteLength;
  }

  /** The item just taken waits for its handler. False if the peer overran the window. */
  hold(byteLength: number): boolean {
    this.held += 1;
    this.#heldBytes += byteLength;
    const { windowItems, windowBytes } = this.#terms;
    return this.held <= windowItems && (this.#heldBytes <= windowBytes || this.held === 1);
  }

  /** The handler of an item that was held has begun. */
  release(byteLength: number, now: number): void {
    this.held -= 1;
    this.#heldBytes -= byteLength;
    // What is dispatched opens the window by its bytes, so it counts like what arrives.
    this.#bytes += byteLength;
    this.owe(now);
  }

  /** Sees to it that what is owed is said in time. */
  owe(now: number): void {
    if (this.#ackAt === Number.POSITIVE_INFINITY) {
      this.#ackAt = now + LITTLE.delayMs;
      this.#isLittle = true;
    }
    const owed = Math.max(this.received - this.#saidReceived, this.received - this.held - this.#saidReleased);
    if (this.#isLittle && this.#isMuch(owed)) {
      this.#ackAt -= LITTLE.delayMs - ACK_DELAY_MS;
      this.#isLittle = false;
    }
    if (owed * 4 >= this.#terms.windowItems || this.#bytes * 4 >= this.#terms.windowBytes) this.hurry(now);
  }

  #isMuch(owed: number): boolean {
    const { windowItems, windowBytes } = this.#terms;
    return (
      owed > Math.min(LITTLE.items, windowItems * LITTLE.part) ||
      this.#bytes > Math.min(LITTLE.bytes, windowBytes * LITTLE.part)
    );
  }

  /** Asks for an acknowledgement at once. */
  hurry(now: number): void {
    this.#ackAt = now;
    this.#isLittle = false;
  }

  /** The present marks, for a frame that is about to be written. */
  say(): Acknowledgement {
    this.#saidReceived = this.received;
    this.#saidReleased = this.received - this.held;
    this.#bytes = 0;
    this.#ackAt = Number.POSITIVE_INFINITY;
    return { ack: this.received, backlog: this.held };
  }
}
