import type { ObservableInput, Subscription } from 'rxjs';
import { Code, DuplexError } from '../../errors.js';
import type { ItemBytes } from '../../wire/encoded-item.js';
import { checkStream, observableOf, subscribeTo } from './stream-source.js';

/** So many items of an observable wait for credit before its stream fails; an iterable is simply not asked for more. */
const MAX_QUEUED = 1_024;

/** Where a stream's items go. */
export interface StreamOutlet {
  /** An item as it is now, valid until the next one is encoded. Throws if it cannot be sent at all. */
  encode(item: unknown): ItemBytes;
  /** Sends an item; false if there is no room for it now. Throws if it cannot be sent any more. */
  send(item: ItemBytes): boolean;
  /** All items are sent. */
  completed(): void;
  /** The source failed, or an item could not be sent. */
  failed(error: unknown): void;
  /**
   * Where what waits goes before a failure of the source is told, for an answer
   * is whole up to its fault: hears of one that nobody is told of any more.
   */
  untold?(error: unknown): void;
}

/**
 * Sends what an observable or iterable gives, as far as the receiver's credit
 * goes. An iterable is asked for one item at a time, so a slow receiver slows
 * it down; an observable cannot be slowed, so what it gives is queued, up to a
 * bound. What waits is encoded already: a source may use its memory again.
 */
export class StreamSender {
  #credit: number;
  #sent = 0;
  #queue: Uint8Array[] = [];
  #sourceDone = false;
  /** What the source failed with, to be told behind what waits. */
  #failure: { readonly error: unknown } | undefined;
  #over = false;
  #subscription: Subscription | undefined;
  #iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined;
  #drained: (() => void) | undefined;
  readonly #outlet: StreamOutlet;

  /** `credit` is how many items may be sent before the receiver grants more. */
  constructor(outlet: StreamOutlet, credit: number) {
    this.#outlet = outlet;
    this.#credit = credit;
  }

  /** Begins to send. A source that is none has failed. */
  start(source: ObservableInput<unknown>): void {
    try {
      this.#begin(source);
    } catch (error) {
      this.#fail(error);
    }
  }

  #begin(source: ObservableInput<unknown>): void {
    checkStream(source);
    if (Symbol.asyncIterator in source) {
      const iterator = source[Symbol.asyncIterator]();
      this.#iterator = iterator;
      void this.#pull(iterator);
      return;
    }
    if (Symbol.iterator in source) {
      const iterator = source[Symbol.iterator]();
      this.#iterator = iterator;
      this.#pullNow(iterator);
      return;
    }
    const begun = (subscription: Subscription): void => {
      this.#subscription = subscription;
    };
    subscribeTo(observableOf(source), begun, {
      next: (item) => this.#push(item),
      error: (error: unknown) => this.#sourceFailed(error),
      complete: () => {
        this.#sourceDone = true;
        this.advance();
      },
    });
  }

  /** The receiver takes `total` items altogether. */
  grant(total: number): void {
    if (total <= this.#credit) return;
    this.#credit = total;
    this.advance();
  }

  /** Sends what is queued as far as credit and room go. */
  advance(): void {
    try {
      while (this.#queue[0] !== undefined && this.#offer(this.#queue[0])) this.#queue.shift();
    } catch (error) {
      this.#fail(error);
    }
    if (this.#over || this.#queue.length > 0) return;
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
    if (!this.#sourceDone || this.#over) return;
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) return this.#fail(failure.error);
    this.#over = true;
    this.#outlet.completed();
  }

  /** Nobody wants the rest: lets go of the source. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#queue = [];
    this.#subscription?.unsubscribe();
    this.#drained?.();
    if (this.#failure !== undefined) this.#outlet.untold?.(this.#failure.error);
    // An iterator that throws on its way out has nobody left to tell.
    const iterator = this.#iterator;
    void Promise.resolve()
      .then(() => iterator?.return?.())
      .catch(() => {});
  }

  #push(given: unknown): void {
    if (this.#over || this.#sourceDone) return;
    if (this.#queue.length === MAX_QUEUED) return this.#fail(tooSlow());
    try {
      const item = this.#outlet.encode(given);
      if (this.#queue.length > 0 || !this.#offer(item)) this.#queue.push(item.slice());
    } catch (error) {
      this.#sourceFailed(error);
    }
  }

  #sourceFailed(error: unknown): void {
    if (this.#queue.length === 0 || this.#outlet.untold === undefined) return this.#fail(error);
    this.#failure = { error };
    this.#sourceDone = true;
    this.#subscription?.unsubscribe();
  }

  /** Takes items until one has to wait. Without a promise for each, which would take longer than to send it. */
  #pullNow(iterator: Iterator<unknown>): void {
    try {
      while (!this.#over && this.#queue.length === 0) {
        const { done, value } = iterator.next();
        if (done === true) {
          this.#sourceDone = true;
          return this.advance();
        }
        this.#push(value);
      }
      this.#drained = () => this.#pullNow(iterator);
    } catch (error) {
      this.#iterator = undefined;
      this.#fail(error);
    }
  }

  async #pull(iterator: AsyncIterator<unknown>): Promise<void> {
    try {
      while (!this.#over) {
        const { done, value } = await iterator.next();
        if (done === true) break;
        this.#push(value);
        if (this.#queue.length > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
      }
      this.#sourceDone = true;
      this.advance();
    } catch (error) {
      this.#iterator = undefined;
      this.#fail(error);
    }
  }

  #offer(item: ItemBytes): boolean {
    if (this.#sent >= this.#credit || !this.#outlet.send(item)) return false;
    this.#sent += 1;
    return true;
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.stop();
    this.#outlet.failed(error);
  }
}

function tooSlow(): DuplexError {
  const message = `the receiver is slower than the stream: ${MAX_QUEUED} items wait; give an async iterable, which can wait`;
  return new DuplexError('fault', message, { code: Code.RESOURCE_EXHAUSTED });
}
