import type { Subscriber } from 'rxjs';
import { Code, type DuplexError, Fault } from '../../errors.js';
import type { Deliver } from '../deliver.js';
import { IterableObservable, type MessageStream } from './message-stream.js';
import { asUnheard } from './unheard-errors.js';

/**
 * So many items may be on their way to a subscriber that keeps up. With 256
 * each frame had 128 items; with these it has 512, and an item costs a third less.
 */
const MAX_WINDOW = 1_024;

/** How many items a receiver holds that nobody took yet. */
export interface StreamLimits {
  readonly window: number;
  readonly tolerance: number;
}

/** The error of a stream whose sender does not keep to its credit. */
export function overrun(): Fault {
  return new Fault(Code.RESOURCE_EXHAUSTED, 'more items of the stream than were granted');
}

/** What a receiver tells its owner. */
export interface ReceiverEvents {
  /** The sender may send so many items altogether. */
  grant(total: number): void;
  /** So many bytes more, or less, wait here for whoever takes the items. */
  holds?(byteLength: number): void;
  /** The subscriber or loop has left. */
  left(): void;
  /** Where the application takes items in its own time. */
  readonly deliver: Deliver | undefined;
  /** The stream failed, and its subscriber has no ear for errors. */
  unheard(error: DuplexError): void;
}

interface HeldItem {
  readonly item: unknown;
  readonly byteLength: number;
}

interface Asker {
  readonly resolve: (result: IteratorResult<unknown, undefined>) => void;
  readonly reject: (error: DuplexError) => void;
}

/**
 * The receiving end of a stream, for one subscriber or one loop. What comes
 * before it is taken is held, never more than the credit. Credit is renewed as
 * items are delivered, half a window at a time. The window grows for a
 * subscriber, for it takes each item when it comes, and nothing waits here.
 */
export class StreamReceiver {
  /** The items. Errors with the stream; a second subscriber gets what the first has left. */
  readonly items: MessageStream<unknown>;
  #held: HeldItem[] = [];
  #heldBytes = 0;
  #end: { readonly error: DuplexError | undefined } | undefined;
  #subscriber: Subscriber<unknown> | undefined;
  #askers: Asker[] = [];
  /** The loop has left: what still comes is for nobody. */
  #isLeft = false;
  #delivered = 0;
  /** Items whose turn has not come. */
  #coming = 0;
  #granted: number;
  #window: number;
  readonly #firstWindow: number;
  readonly #tolerance: number;
  readonly #events: ReceiverEvents;

  /** The sender starts with the window for credit. `tolerance` is how far it may go beyond: a plain peer knows of none. */
  constructor({ window, tolerance }: StreamLimits, events: ReceiverEvents) {
    this.#window = window;
    this.#firstWindow = window;
    this.#tolerance = tolerance;
    this.#granted = window;
    this.#events = events;
    this.items = new IterableObservable(
      (subscriber) => this.#subscribe(subscriber),
      () => this.iterate(),
    );
  }

  /** Takes an item, and how long it was. False if the peer sent more than it was granted: then the item is dropped. */
  next(item: unknown, byteLength = 0): boolean {
    if (this.#isLeft) return true;
    if (this.#delivered + this.#held.length + this.#coming >= this.#granted + this.#tolerance) return false;
    const { deliver } = this.#events;
    if (deliver === undefined) this.#accept(item, byteLength);
    else {
      this.#coming += 1;
      deliver(() => {
        this.#coming -= 1;
        this.#accept(item, byteLength);
      });
    }
    return true;
  }

  #accept(item: unknown, byteLength: number): void {
    const asker = this.#askers.shift();
    if (asker !== undefined) {
      this.#count();
      asker.resolve({ done: false, value: item });
    } else if (this.#subscriber === undefined) {
      this.#held.push({ item, byteLength });
      this.#holds(byteLength);
    } else this.#deliver(this.#subscriber, item);
  }

  /** Whoever took the items takes no more of them: what waits counts no longer. */
  forget(): void {
    this.#holds(-this.#heldBytes);
  }

  #holds(byteLength: number): void {
    if (byteLength === 0) return;
    this.#heldBytes += byteLength;
    this.#events.holds?.(byteLength);
  }

  #nextHeld(): unknown {
    const { item, byteLength } = this.#held.shift() as HeldItem;
    this.#holds(-Math.min(byteLength, this.#heldBytes));
    return item;
  }

  complete(): void {
    this.#endWith(undefined);
  }

  error(error: DuplexError): void {
    this.#endWith(error);
  }

  #endWith(error: DuplexError | undefined): void {
    const end = (): void => {
      this.#end ??= { error };
      this.#finish();
    };
    const { deliver } = this.#events;
    if (deliver === undefined) end();
    else deliver(end);
  }

  /** Repeats the credit: a new carrier may not have heard of it. */
  regrant(): void {
    if (this.#granted > this.#firstWindow) this.#events.grant(this.#granted);
  }

  /** One loop over the items: each is taken when the loop comes for it. Who takes them by hand has to `return`, too. */
  iterate(): AsyncIterator<unknown, undefined> {
    return {
      next: () => this.#take(),
      return: async () => {
        this.#leave();
        return { done: true, value: undefined };
      },
      throw: async (error: unknown) => {
        this.#leave();
        throw error;
      },
    };
  }

  #leave(): void {
    this.#isLeft = true;
    this.#held = [];
    this.#events.left();
    this.forget();
    this.complete();
  }

  #subscribe(subscriber: Subscriber<unknown>): () => void {
    this.#subscriber = subscriber;
    // One by one: a subscriber that leaves in between leaves the rest to the next one.
    while (this.#held.length > 0 && !subscriber.closed) this.#deliver(subscriber, this.#nextHeld());
    this.#finish();
    return () => {
      this.#subscriber = undefined;
      this.#events.left();
    };
  }

  #take(): Promise<IteratorResult<unknown, undefined>> {
    return new Promise((resolve, reject) => {
      if (this.#held.length > 0) {
        const value = this.#nextHeld();
        this.#count();
        resolve({ done: false, value });
      } else {
        this.#askers.push({ resolve, reject });
        this.#finish();
      }
    });
  }

  #deliver(subscriber: Subscriber<unknown>, item: unknown): void {
    this.#count();
    subscriber.next(item);
  }

  #count(): void {
    this.#delivered += 1;
    if (2 * (this.#granted - this.#delivered) > this.#window) return;
    if (this.#subscriber !== undefined && this.#events.deliver === undefined && this.#held.length === 0) {
      this.#window = Math.max(this.#window, Math.min(2 * this.#window, MAX_WINDOW));
    }
    this.#granted = this.#delivered + this.#window;
    this.#events.grant(this.#granted);
  }

  #finish(): void {
    if (this.#end === undefined) return;
    const { error } = this.#end;
    for (const { resolve, reject } of this.#askers.splice(0)) {
      if (error === undefined) resolve({ done: true, value: undefined });
      else reject(error);
    }
    if (error === undefined) this.#subscriber?.complete();
    else this.#subscriber?.error(asUnheard(error, this.#events.unheard));
  }
}
