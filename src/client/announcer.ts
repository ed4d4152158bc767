import type { Observable } from 'rxjs';
import { ReplaySubject } from '../calls/rx.js';

/**
 * Tells subscribers a value and each change of it, one after another: a change
 * that a subscriber causes is told once all have heard of the present one. So
 * everybody sees the same values in the same order.
 */
export class Announcer<Value> {
  readonly value$: Observable<Value>;
  /** Replays the last value, also after the end. */
  readonly #subject = new ReplaySubject<Value>(1);
  #waiting: (() => void)[] = [];
  #isTelling = false;

  constructor() {
    this.value$ = this.#subject.asObservable();
  }

  next(value: Value): void {
    this.#tell(() => this.#subject.next(value));
  }

  /** Nothing is told after this. */
  complete(): void {
    this.#tell(() => this.#subject.complete());
  }

  #tell(say: () => void): void {
    this.#waiting.push(say);
    if (this.#isTelling) return;
    this.#isTelling = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next();
    this.#isTelling = false;
  }
}
