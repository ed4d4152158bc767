import type { Clock } from '../transport/clock.js';

/** Counts what goes on, so that a host that stops can wait for it, and not for ever. */
export class Outstanding {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  get count(): number {
    return this.#count;
  }

  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count > 0) return;
    for (const over of this.#waiting) over();
  }

  /** Resolves when nothing goes on any more, and at the latest when the clock is at `byMs`. */
  async over(clock: Clock, byMs: number): Promise<void> {
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      const over = (): void => {
        timer.cancel();
        this.#waiting.delete(over);
        resolve();
      };
      const timer = clock.schedule(Math.max(byMs, clock.now()), over, true);
      this.#waiting.add(over);
    });
  }
}
