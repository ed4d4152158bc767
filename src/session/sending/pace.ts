/** How far what is sent is ahead of what is written. */
export interface Ahead {
  readonly isAhead: boolean;
}

/**
 * Whoever awaits their calls waits here while the session has more to write
 * than its next frame takes. Without it each of a thousand busy sessions fills
 * its window before the first frame is written: that took 1.4 GB of memory,
 * kept the event loop for seconds, and sent a third fewer messages a second.
 */
export class Pace {
  #waiting: (() => void)[] = [];
  readonly #outbox: Ahead;

  constructor(outbox: Ahead) {
    this.#outbox = outbox;
  }

  /** Calls `goOn` once the session is not ahead; at once if it is not. */
  wait(goOn: () => void): void {
    if (this.#outbox.isAhead) this.#waiting.push(goOn);
    else goOn();
  }

  /** A frame was cut, or none will be for now. */
  catchUp(): void {
    if (this.#waiting.length === 0 || this.#outbox.isAhead) return;
    for (const goOn of this.#waiting.splice(0)) goOn();
  }
}
