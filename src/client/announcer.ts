import { Observable } from '../calls/rx.js';
import { FanOut } from '../calls/streams/fan-out.js';

/**
 * Tells subscribers a value and each change of it, one after another: a change
 * that a subscriber causes is told once all have heard of the present one. So
 * everybody sees the same values in the same order.
 */
export class Announcer<Value> {
  /** Begins with the last value, also after the end. */
  readonly value$: Observable<Value>;
  readonly #hearers = new FanOut<Value>();
  #last: { readonly value: Value } | undefined;
  #waiting: (() => void)[] = [];
  #isTelling = false;

  constructor() {
    this.value$ = new Observable((subscriber) =>
      this.#hearers.add(subscriber, () => this.#last !== undefined && subscriber.next(this.#last.value)),
    );
  }

  next(value: Value): void {
    this.#tell(() => {
      if (this.#hearers.isComplete) return;
      this.#last = { value };
      this.#hearers.next(value);
    });
  }

  /** Nothing is told after this. */
  complete(): void {
    this.#tell(() => this.#hearers.complete());
  }

  #tell(say: () => void): void {
    this.#waiting.push(say);
    if (this.#isTelling) return;
    this.#isTelling = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next();
    this.#isTelling = false;
  }
}
