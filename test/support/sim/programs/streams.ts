import type { Observable } from 'rxjs';
import { Code, Fault } from '../../../../src/errors.js';
import type { Ledger, Report } from '../checks/ledger.js';
import type { Caller } from './errand.js';

/** A streamed call that the plan asks for; each item is a number, from 0 up. */
export interface StreamStep {
  readonly do: 'stream';
  /** What is streamed: replies, requests, or both. */
  readonly shape: 'replies' | 'requests' | 'both';
  readonly count: number;
  /** The caller leaves after so many items, if there are that many. */
  readonly leaveAfter?: number;
  /** `replies` only: the handler faults after so many items. */
  readonly failAfter?: number;
}

/** The streamed methods of the other side, whatever its contract calls them. */
export interface StreamMethods {
  replies(count: number, failAfter: number): Observable<number>;
  /** Resolves with the sum of all requests. */
  requests(numbers: AsyncIterable<number>): Promise<number>;
  both(numbers: AsyncIterable<number>): Observable<number>;
}

/** Makes streamed calls and checks every item of them. */
export class StreamCalls {
  readonly #methods: StreamMethods;
  readonly #caller: Caller;
  readonly #ledger: Ledger;
  readonly #report: Report;

  constructor(methods: StreamMethods, caller: Caller, ledger: Ledger, report: Report) {
    this.#methods = methods;
    this.#caller = caller;
    this.#ledger = ledger;
    this.#report = report;
  }

  perform(step: StreamStep): void {
    const number = this.#ledger.make();
    // Its request does not say which one it is, so that nobody can say that it began.
    this.#ledger.withdraw(number);
    const id = `${this.#ledger.name}:${number}`;
    void this.#caller.follow(
      this.#ledger,
      number,
      step.shape,
      () => this.#call(step, id),
      () => {},
    );
  }

  #call(step: StreamStep, id: string): Promise<void> {
    const { shape, count, failAfter = 0 } = step;
    if (shape === 'requests') return this.#addUp(count, id);
    if (shape === 'both') return this.#watch(this.#methods.both(upTo(count)), step, count, id);
    const expected = failAfter > 0 ? Math.min(count, failAfter) : count;
    return this.#watch(this.#methods.replies(count, failAfter), step, expected, id);
  }

  async #addUp(count: number, id: string): Promise<void> {
    const sum = await this.#methods.requests(upTo(count));
    const expected = (count * (count - 1)) / 2;
    if (sum !== expected) this.#report('stream', `${id} added up ${count} numbers to ${sum}, not to ${expected}`);
  }

  /** Resolves when the stream ended or was left, and rejects with what it failed with, unless it was meant to. */
  #watch(
    replies: Observable<number>,
    { leaveAfter, failAfter = 0 }: StreamStep,
    expected: number,
    id: string,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      let seen = 0;
      const subscription = replies.subscribe({
        next: (value) => {
          if (value !== seen) this.#report('stream', `${id} got ${value} where ${seen} is next`);
          seen += 1;
          if (seen !== leaveAfter) return;
          // A stream may give items before `subscribe` returns.
          queueMicrotask(() => subscription.unsubscribe());
          resolve();
        },
        error: (error) => {
          const isMeant = failAfter > 0 && error instanceof Fault && error.code === Code.ABORTED;
          if (isMeant && seen !== expected) this.#report('stream', `${id} failed after ${seen} items, not ${expected}`);
          if (isMeant) resolve();
          else reject(error);
        },
        complete: () => {
          if (seen !== expected) this.#report('stream', `${id} ended after ${seen} of ${expected} items`);
          resolve();
        },
      });
    });
  }
}

/** Makes items of the numbers, one at a time. */
export async function* itemsOf<Item>(
  numbers: AsyncIterable<number>,
  make: (value: number) => Item,
): AsyncGenerator<Item> {
  for await (const value of numbers) yield make(value);
}

async function* upTo(count: number): AsyncGenerator<number> {
  for (let value = 0; value < count; value++) yield value;
}

/** Counts up, one item at a time, as fast as the caller takes them. */
export async function* countUp({
  count,
  failAfter = 0,
}: {
  readonly count: number;
  readonly failAfter?: number;
}): AsyncGenerator<{ value: number }> {
  for (let value = 0; value < count; value++) {
    if (failAfter > 0 && value === failAfter) break;
    yield { value };
  }
  if (failAfter > 0 && failAfter <= count) throw new Fault(Code.ABORTED, 'as asked');
}

/** Adds up a stream. */
export function addUp<Item>(requests: Observable<Item>, numberOf: (item: Item) => number): Promise<number> {
  return new Promise((resolve, reject) => {
    let sum = 0;
    requests.subscribe({
      next: (item) => (sum += numberOf(item)),
      error: reject,
      complete: () => resolve(sum),
    });
  });
}

/** Says everything back, one thing at a time. */
export async function* sayBack(requests: Observable<{ readonly text: string }>): AsyncGenerator<{ text: string }> {
  const heard: { readonly text: string }[] = [];
  let over = false;
  let failure: unknown;
  let wake = (): void => {};
  const subscription = requests.subscribe({
    next: (request) => {
      heard.push(request);
      wake();
    },
    error: (error) => {
      failure = error;
      over = true;
      wake();
    },
    complete: () => {
      over = true;
      wake();
    },
  });
  try {
    while (!over || heard.length > 0) {
      const next = heard.shift();
      if (next !== undefined) yield { text: next.text };
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
    if (failure !== undefined) throw failure;
  } finally {
    subscription.unsubscribe();
  }
}
