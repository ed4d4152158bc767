import type { Observable } from 'rxjs';
import { Code, Fault } from '../../../../src/errors.js';
import type { ChatRequest, CountRequest, SumRequest } from '../../gen/testing/v1/everything.js';
import type { Everything } from '../../gen/testing/v1/everything_duplex.js';
import type { Ledger, Report } from '../checks/ledger.js';
import type { Caller } from './errand.js';

/** A stream that the plan asks for. */
export interface StreamStep {
  readonly do: 'count' | 'sum' | 'chat';
  readonly count: number;
  /** The caller leaves after so many items, if there are that many. */
  readonly leaveAfter?: number;
  /** `count` only: the handler faults after so many items. */
  readonly failAfter?: number;
}

/** Makes streamed calls of a client and checks every item of them. */
export class StreamCalls {
  readonly #service: Everything.Client['service'];
  readonly #caller: Caller;
  readonly #ledger: Ledger;
  readonly #report: Report;

  constructor(service: Everything.Client['service'], caller: Caller, ledger: Ledger, report: Report) {
    this.#service = service;
    this.#caller = caller;
    this.#ledger = ledger;
    this.#report = report;
  }

  perform(step: StreamStep): void {
    const number = this.#ledger.make();
    // Its request does not say which one it is, so that nobody can say that it began.
    this.#ledger.withdraw(number);
    const id = `${this.#ledger.name}:${number}`;
    const call = (): Promise<void> => this.#call(step, id);
    void this.#caller.follow(this.#ledger, number, step.do, call, () => {});
  }

  #call(step: StreamStep, id: string): Promise<void> {
    const { count } = step;
    if (step.do === 'sum') return this.#sum(count, id);
    if (step.do === 'chat') {
      const replies = this.#service.chat(this.#upTo(count, (value) => ({ text: `${value}` })));
      return this.#watch(replies, step, count, id, ({ text }) => Number(text));
    }
    const { failAfter = 0 } = step;
    const replies = this.#service.count({ count, failAfter });
    return this.#watch(replies, step, failAfter > 0 ? Math.min(count, failAfter) : count, id, ({ value }) => value);
  }

  async #sum(count: number, id: string): Promise<void> {
    const reply = await this.#service.sum(
      this.#upTo(count, (value) => ({ value })),
      { timeoutMs: Number.POSITIVE_INFINITY },
    );
    const sum = (count * (count - 1)) / 2;
    if (reply.count !== count || Number(reply.sum) !== sum) {
      this.#report('stream', `${id} added up ${reply.count} numbers to ${reply.sum}, not ${count} to ${sum}`);
    }
  }

  async *#upTo<Item>(count: number, item: (value: number) => Item): AsyncGenerator<Item> {
    for (let value = 0; value < count; value++) yield item(value);
  }

  /** Resolves when the stream ended or was left, and rejects with what it failed with, unless it was meant to. */
  #watch<Reply>(
    replies: Observable<Reply>,
    { leaveAfter, failAfter = 0 }: StreamStep,
    expected: number,
    id: string,
    read: (reply: Reply) => number,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      let seen = 0;
      const subscription = replies.subscribe({
        next: (reply) => {
          const value = read(reply);
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

/** Counts up, one item at a time, as fast as the caller takes them. */
export async function* countUp({ count, failAfter }: CountRequest): AsyncGenerator<{ value: number }> {
  for (let value = 0; value < count; value++) {
    if (failAfter > 0 && value === failAfter) break;
    yield { value };
  }
  if (failAfter > 0 && failAfter <= count) throw new Fault(Code.ABORTED, 'as asked');
}

/** Adds up a stream. */
export function addUp(requests: Observable<SumRequest>): Promise<{ sum: bigint; count: number }> {
  return new Promise((resolve, reject) => {
    let sum = 0;
    let count = 0;
    requests.subscribe({
      next: ({ value }) => {
        sum += value;
        count += 1;
      },
      error: reject,
      complete: () => resolve({ sum: BigInt(sum), count }),
    });
  });
}

/** Says everything back, one thing at a time. */
export async function* sayBack(requests: Observable<ChatRequest>): AsyncGenerator<{ text: string }> {
  const heard: ChatRequest[] = [];
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
