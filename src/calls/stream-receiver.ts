import { Observable, type Subscriber } from 'rxjs';
import { Code, type DuplexError, Fault } from '../errors.js';

/** How many items a receiver holds that nobody took yet. */
export interface StreamLimits {
  readonly window: number;
  readonly tolerance: number;
}

/** The error of a stream whose sender does not keep to its credit. */
export function overrun(): Fault {
  return new Fault(Code.RESOURCE_EXHAUSTED, 'more items of the stream than were granted');
}

/**
 * The receiving end of a stream as an observable for one subscriber. What
 * comes before it subscribes is held, never more than the credit. Credit is
 * renewed as items are delivered, half a window at a time.
 */
export class StreamReceiver {
  /** The items. Errors with the stream; a second subscriber gets what the first has left. */
  readonly items: Observable<unknown>;
  #held: unknown[] = [];
  #end: { readonly error: DuplexError | undefined } | undefined;
  #subscriber: Subscriber<unknown> | undefined;
  #delivered = 0;
  #granted: number;
  readonly #window: number;
  readonly #tolerance: number;
  readonly #grant: (total: number) => void;

  /**
   * `window` is the credit that the sender starts with; `grant` tells it the
   * new total. `tolerance` is how far it may go beyond: a plain peer knows of
   * no credit.
   */
  constructor(
    { window, tolerance }: StreamLimits,
    grant: (total: number) => void,
    onUnsubscribe: () => void = () => {},
  ) {
    this.#window = window;
    this.#tolerance = tolerance;
    this.#granted = window;
    this.#grant = grant;
    this.items = new Observable((subscriber) => {
      this.#subscriber = subscriber;
      // One by one: a subscriber that leaves in between leaves the rest to the next one.
      while (this.#held.length > 0 && !subscriber.closed) this.#deliver(subscriber, this.#held.shift());
      this.#finish();
      return () => {
        this.#subscriber = undefined;
        onUnsubscribe();
      };
    });
  }

  /** Takes an item. False if the peer sent more than it was granted: then the item is dropped. */
  next(item: unknown): boolean {
    if (this.#delivered + this.#held.length >= this.#granted + this.#tolerance) return false;
    if (this.#subscriber === undefined) this.#held.push(item);
    else this.#deliver(this.#subscriber, item);
    return true;
  }

  complete(): void {
    this.#end ??= { error: undefined };
    this.#finish();
  }

  error(error: DuplexError): void {
    this.#end ??= { error };
    this.#finish();
  }

  /** Repeats the credit: a new carrier may not have heard of it. */
  regrant(): void {
    if (this.#granted > this.#window) this.#grant(this.#granted);
  }

  #deliver(subscriber: Subscriber<unknown>, item: unknown): void {
    this.#delivered += 1;
    if (2 * (this.#granted - this.#delivered) <= this.#window) {
      this.#granted = this.#delivered + this.#window;
      this.#grant(this.#granted);
    }
    subscriber.next(item);
  }

  #finish(): void {
    const subscriber = this.#subscriber;
    if (subscriber === undefined || this.#end === undefined) return;
    if (this.#end.error === undefined) subscriber.complete();
    else subscriber.error(this.#end.error);
  }
}
