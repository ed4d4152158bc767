import { Code, DuplexError } from '../../errors.js';

/** What happens to what comes while the buffer of a view is full. */
export type Overflow = 'wait' | 'drop-oldest' | 'drop-newest' | 'error';

/** How an asynchronous loop takes callbacks. */
export interface ViewOptions {
  /** How many may wait for the loop. Default: 64. */
  readonly buffer?: number;
  /**
   * What happens when so many wait. `wait` (default): the service is slowed
   * down, and nothing is lost. `drop-oldest` and `drop-newest` lose what they
   * say and count it. `error` ends the loop with RESOURCE_EXHAUSTED.
   */
  readonly overflow?: Overflow;
}

/** An asynchronous loop's view of callbacks: `for await (const request of view)`. */
export interface CallbackView<Item> extends AsyncIterable<Item> {
  /** How many were dropped because a loop over this view was too slow. */
  readonly dropped: number;
}

/** {@link ViewOptions}, complete. Throws INVALID_ARGUMENT for a buffer that is none. */
export function resolveViewOptions({ buffer = 64, overflow = 'wait' }: ViewOptions): Required<ViewOptions> {
  if (Number.isInteger(buffer) && buffer > 0 && buffer <= 1_000_000) return { buffer, overflow };
  const message = `buffer is ${String(buffer)}: write how many callbacks may wait, from 1 to 1,000,000`;
  throw new DuplexError('fault', message, { code: Code.INVALID_ARGUMENT });
}

interface Entry<Item> {
  readonly item: Item;
  /** Called once the item is among those for which there is room. */
  readonly taken: (() => void) | undefined;
}

interface Asker<Item> {
  readonly resolve: (result: IteratorResult<Item, undefined>) => void;
  readonly reject: (error: DuplexError) => void;
}

/**
 * The buffer between callbacks, which come when they come, and one loop, which
 * takes them when it is ready.
 */
export class ViewBuffer<Item> implements AsyncIterableIterator<Item, undefined> {
  #entries: Entry<Item>[] = [];
  #askers: Asker<Item>[] = [];
  #end: { readonly error: DuplexError | undefined } | undefined;
  #mayWait = true;
  readonly #options: Required<ViewOptions>;
  readonly #onDropped: () => void;
  readonly #onReturn: () => void;

  /** `onDropped` hears of each item that is lost, `onReturn` of a loop that has ended. */
  constructor(options: Required<ViewOptions>, onDropped: () => void, onReturn: () => void) {
    this.#options = options;
    this.#onDropped = onDropped;
    this.#onReturn = onReturn;
  }

  /** Takes an item. What it returns, if anything, resolves when there is room for the item. */
  push(item: Item): Promise<void> | undefined {
    if (this.#end !== undefined) return undefined;
    const asker = this.#askers.shift();
    if (asker !== undefined) {
      asker.resolve({ done: false, value: item });
      return undefined;
    }
    const { buffer, overflow } = this.#options;
    if (this.#entries.length < buffer) this.#entries.push({ item, taken: undefined });
    else if (overflow === 'wait') return this.#wait(item);
    else if (overflow === 'error') this.#overflow();
    else {
      this.#onDropped();
      if (overflow === 'drop-newest') return undefined;
      this.#entries.shift();
      this.#entries.push({ item, taken: undefined });
    }
    return undefined;
  }

  /** Nobody has to wait for room any more: the session is closing, and what still comes is bounded by the window. */
  release(): void {
    this.#mayWait = false;
    for (const { taken } of this.#entries) taken?.();
  }

  /** Nothing more comes; what is there can still be taken. */
  end(error?: DuplexError): void {
    this.#end ??= { error };
    this.release();
    if (this.#entries.length > 0) return;
    for (const asker of this.#askers.splice(0)) void this.#finish(asker);
  }

  /** There is a new session: its callbacks wait for room again. */
  hold(): void {
    this.#mayWait = true;
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    return new Promise((resolve, reject) => {
      const entry = this.#entries.shift();
      if (entry !== undefined) {
        this.#entries[this.#options.buffer - 1]?.taken?.();
        resolve({ done: false, value: entry.item });
      } else if (this.#end === undefined) this.#askers.push({ resolve, reject });
      else this.#finish({ resolve, reject });
    });
  }

  /** The loop was left: what waits is given up. */
  async return(): Promise<IteratorResult<Item, undefined>> {
    this.#onReturn();
    this.release();
    this.#entries = [];
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #wait(item: Item): Promise<void> | undefined {
    let taken: (() => void) | undefined;
    const room = this.#mayWait ? new Promise<void>((resolve) => (taken = resolve)) : undefined;
    this.#entries.push({ item, taken });
    return room;
  }

  #overflow(): void {
    this.#onDropped();
    const { buffer } = this.#options;
    const message = `the loop over callbacks is too slow: ${buffer} wait; raise buffer, or set overflow to wait`;
    this.#onReturn();
    this.end(new DuplexError('fault', message, { code: Code.RESOURCE_EXHAUSTED }));
  }

  /** An error is told once; whoever asks after that is at the end. */
  #finish({ resolve, reject }: Asker<Item>): void {
    const error = this.#end?.error;
    this.#end = { error: undefined };
    if (error === undefined) resolve({ done: true, value: undefined });
    else reject(error);
  }
}
