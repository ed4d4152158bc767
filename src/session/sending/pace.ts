/** How far what is sent is ahead of what is written, and of what has arrived. */
export interface Ahead {
  readonly lastSeq: number;
  readonly framed: number;
  readonly acked: number;
  /** Whether the peer is late to acknowledge. */
  isLate: boolean;
  /** Whether who sent an item is to wait: for its frame, or until the window is less full. */
  isFar(seq: number): boolean;
}

/** What is acknowledged later than this has waited in queues: few connections are so long. */
const LATE_MS = 500;

/**
 * Whoever awaits a call waits here while more than the next frame is to be
 * written before it; what others send behind it holds nobody up. Without it
 * each of a thousand busy sessions fills its window before the first frame is
 * written: that took 1.4 GB of memory, kept the event loop for seconds, and
 * sent a third fewer messages a second.
 *
 * They also wait while a peer that is late does not hold more than a quarter
 * of its window, as where a thousand sessions are busy.
 */
export class Pace {
  /** The frame that lateness is judged by ended with this item; 0 if there is none. */
  #watchedSeq = 0;
  #watchedAt = 0;
  readonly #waiting: { readonly seq: number; readonly goOn: () => void }[] = [];
  readonly #outbox: Ahead;

  constructor(outbox: Ahead) {
    this.#outbox = outbox;
  }

  /** Calls `goOn` once the item that was sent last is near; at once if it is. */
  wait(goOn: () => void): void {
    const seq = this.#outbox.lastSeq;
    if (this.#outbox.isFar(seq)) this.#waiting.push({ seq, goOn });
    else goOn();
  }

  /** A frame was cut. */
  framed(now: number): void {
    this.#judge(now);
    if (this.#watchedSeq === 0) {
      this.#watchedSeq = this.#outbox.framed;
      this.#watchedAt = now;
    }
    this.#catchUp();
  }

  /** The window may be less full: the peer has said something, at `now`, or at the plain level a frame is written. */
  advance(now: number | undefined): void {
    if (now !== undefined) this.#judge(now);
    this.#catchUp();
  }

  #judge(now: number): void {
    if (this.#watchedSeq === 0) return;
    const hasArrived = this.#outbox.acked >= this.#watchedSeq;
    if (now - this.#watchedAt > LATE_MS) this.#outbox.isLate = true;
    else if (hasArrived) this.#outbox.isLate = false;
    if (hasArrived) this.#watchedSeq = 0;
  }

  /** Another carrier takes frames, or none for now. */
  restart(): void {
    this.#watchedSeq = 0;
    this.#outbox.isLate = false;
    this.#catchUp();
  }

  /** Those go on who need not wait any more. */
  #catchUp(): void {
    if (this.#waiting.length === 0) return;
    const far = this.#waiting.findIndex(({ seq }) => this.#outbox.isFar(seq));
    const near = this.#waiting.splice(0, far < 0 ? this.#waiting.length : far);
    for (const { goOn } of near) goOn();
  }
}
