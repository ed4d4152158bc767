/** How far what is sent is ahead of what is written. */
export interface Ahead {
  readonly lastSeq: number;
  /** Whether an item waits for more than the next frame, though frames are taken. */
  isFar(seq: number): boolean;
}

/**
 * Whoever awaits a call waits here while more than the next frame is to be
 * written before it; what others send behind it holds nobody up. Without it
 * each of a thousand busy sessions fills its window before the first frame is
 * written: that took 1.4 GB of memory, kept the event loop for seconds, and
 * sent a third fewer messages a second.
 */
export class Pace {
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

  /** A frame was cut, or none will be for now. */
  catchUp(): void {
    if (this.#waiting.length === 0) return;
    const far = this.#waiting.findIndex(({ seq }) => this.#outbox.isFar(seq));
    const near = this.#waiting.splice(0, far < 0 ? this.#waiting.length : far);
    for (const { goOn } of near) goOn();
  }
}
