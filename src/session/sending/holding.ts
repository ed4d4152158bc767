import { Code, DuplexError } from '../../errors.js';
import type { HeldBytes } from './held-bytes.js';

/** What is held is counted anew when it is so much more than before, or a frame has come. */
const TALLY_BYTES = 16 * 1024;

/** What a session sends. */
interface Sending {
  readonly outbox: {
    readonly heldBytes: number;
    readonly acked: number;
    readonly framed: number;
    readonly lastSeq: number;
  };
  readonly waitingBytes: number;
}

/**
 * What one session holds of what all sessions of its host may hold together:
 * sent and not released, waiting to be sent, received and not handled.
 */
export class Holding {
  /** What arrived of streams and waits for whoever reads them. */
  #unreadBytes = 0;
  /** So much of this session is counted among what all hold. */
  #tallied = 0;
  /** So much more was sent, or has come, since then. */
  #untallied = 0;
  /** What had arrived when an acknowledgement was asked for: once is enough. */
  #askedAt = -1;
  /** One is to be asked for when there is something to acknowledge. */
  #asksLater = false;
  #isOver = false;
  readonly #all: HeldBytes;
  readonly #sending: Sending;
  readonly #receipts: { readonly heldBytes: number };
  readonly #controls: { wantAcknowledgement(): void };

  constructor(
    all: HeldBytes,
    sending: Sending,
    receipts: { readonly heldBytes: number },
    controls: { wantAcknowledgement(): void },
  ) {
    this.#all = all;
    this.#sending = sending;
    this.#receipts = receipts;
    this.#controls = controls;
  }

  /** Bytes, counted anew. */
  tally(): number {
    const before = this.#tallied;
    this.#untallied = 0;
    this.#tallied = this.#isOver ? 0 : this.#sentBytes + this.#receipts.heldBytes + this.#unreadBytes;
    if (this.#tallied !== before) this.#all.change(before, this.#tallied);
    return this.#tallied;
  }

  /** So much was admitted, or has come. It is counted when it is much, for to count takes as long as to send. */
  grew(byteLength: number): void {
    this.#untallied += byteLength;
    if (this.#untallied >= TALLY_BYTES) this.tally();
  }

  /** So many bytes more, or less, of streams of the peer wait for whoever reads them. */
  unread(byteLength: number): void {
    this.#unreadBytes += byteLength;
    this.grew(byteLength);
  }

  /**
   * Whether so much more is within what this session may send ahead while all
   * of them hold much. One that holds nothing always may.
   */
  fits(byteLength: number): boolean {
    if (!this.#all.isShort) return true;
    const { heldBytes } = this.#sending.outbox;
    if (heldBytes === 0 || heldBytes + byteLength <= this.#all.share) return true;
    this.hurry();
    return false;
  }

  /** Throws RESOURCE_EXHAUSTED if so much more is not to wait in line. */
  checkLine(byteLength: number): void {
    const { waitingBytes } = this.#sending;
    if (waitingBytes === 0 || waitingBytes + byteLength <= this.#all.share) return;
    const message =
      'the sessions of this host hold more than half of what they may (limits.heldBytes), and this one its share of it: await each call, or send less';
    throw new DuplexError('fault', message, { code: Code.RESOURCE_EXHAUSTED });
  }

  /** A share is small: what the peer holds must not count for the seconds that an acknowledgement may take. */
  hurry(): void {
    const { acked, framed, lastSeq } = this.#sending.outbox;
    if (acked === lastSeq || acked === this.#askedAt) return;
    // A question overtakes what is not framed yet, and would be answered before that arrives.
    this.#asksLater = framed === acked;
    if (this.#asksLater) return;
    this.#askedAt = acked;
    this.#controls.wantAcknowledgement();
  }

  /** A frame has been written. */
  written(): void {
    if (this.#asksLater) this.hurry();
  }

  /** The session is over, and holds nothing. */
  end(): void {
    this.#isOver = true;
    this.tally();
  }

  get #sentBytes(): number {
    return this.#sending.outbox.heldBytes + this.#sending.waitingBytes;
  }
}
