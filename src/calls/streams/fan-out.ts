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

  get isComplete(): boolean {
    return this.#isComplete;
  }

  get isObserved(): boolean {
    return this.#subscribers.length > 0;
  }

  next(value: Value): void {
    for (const subscriber of this.#subscribers) subscriber.next(value);
  }

  /** Adds a subscriber, who is `greeted` before what comes, and returns what takes it out; after the end it completes at once. */
  add(subscriber: Subscriber<Value>, greet?: () => void): () => void {
    if (!this.#isComplete) this.#subscribers = [...this.#subscribers, subscriber];
    greet?.();
    if (this.#isComplete) subscriber.complete();
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
