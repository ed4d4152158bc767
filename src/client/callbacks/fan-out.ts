import type { Subscriber } from 'rxjs';

/**
 * Hands each value to all who subscribed. It does what a Subject does for
 * whom nobody sees but this library, without the closure and the iterator that
 * a Subject makes for each value: 25 ns of the 300 that a callback takes.
 */
export class FanOut<Value> {
  // Replaced, never changed: whoever leaves or joins while a value is handed out does not disturb it.
  #subscribers: readonly Subscriber<Value>[] = [];
  #isComplete = false;

  get isObserved(): boolean {
    return this.#subscribers.length > 0;
  }

  next(value: Value): void {
    for (const subscriber of this.#subscribers) subscriber.next(value);
  }

  /** Adds a subscriber and returns what takes it out; after the end it completes at once. */
  add(subscriber: Subscriber<Value>): () => void {
    if (this.#isComplete) subscriber.complete();
    else this.#subscribers = [...this.#subscribers, subscriber];
    return () => {
      this.#subscribers = this.#subscribers.filter((other) => other !== subscriber);
    };
  }

  complete(): void {
    const subscribers = this.#subscribers;
    this.#isComplete = true;
    this.#subscribers = [];
    for (const subscriber of subscribers) subscriber.complete();
  }
}
