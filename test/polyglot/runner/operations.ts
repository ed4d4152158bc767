import { setTimeout as sleep } from 'node:timers/promises';
import { Code, DuplexError, Fault } from 'grpc-duplex';
import { firstValueFrom, map, reduce, toArray } from 'rxjs';
import { type CountRequest, DivideByZero, Refused } from '../../support/gen/testing/v1/everything.js';
import type { Everything } from '../../support/gen/testing/v1/everything_duplex.js';

/** What a note may set off. */
export interface Effects {
  /** Breaks the connection. */
  readonly cut: () => void;
  /** Stops the host, where the case wants that. */
  readonly leave: (() => Promise<void>) | undefined;
}

/** What the service does for one session; cases.yaml says what for. */
export function operations(session: Everything.Session, { cut, leave }: Effects): Everything.Handler {
  return {
    note({ index, text, payload }) {
      if (text === 'cut') return cut();
      if (leave !== undefined) {
        session.callback.noted({ text: 'goodbye' });
        return void leave();
      }
      session.state.update(({ counter }) => ({ counter: counter + 1n, last: text }));
      session.callback.noted({ index, text, payload });
    },
    fail({ text }) {
      throw new Error(text);
    },
    async echo({ delayMs, text, tags, payload }, { signal }) {
      const cancelled = (): void => void session.callback.noted({ text: 'echo was cancelled' });
      if (delayMs > 0) await sleep(delayMs, undefined, { signal }).catch(cancelled);
      return { text, tags, payload };
    },
    divide({ dividend, divisor }) {
      if (divisor !== 0) return { quotient: Math.trunc(dividend / divisor) };
      throw new Fault(Code.INVALID_ARGUMENT, 'cannot divide by zero', [[DivideByZero, { dividend }]]);
    },
    async ask({ question }) {
      if (question === 'trouble') throw new Error('a secret');
      return { answer: await ask(session, question).catch(answerFrom) };
    },
    reset() {
      session.state.set({});
      return {};
    },
    continue: () => ({}),
    finish: () => ({ counter: session.state.value.counter }),
    count: (request, { signal }) => count(session, request, signal),
    sum(numbers) {
      const nothing = { sum: 0n, count: 0 };
      const add = (so: typeof nothing, { value }: { value: number }): typeof nothing => ({
        sum: so.sum + BigInt(value),
        count: so.count + 1,
      });
      return firstValueFrom(numbers.pipe(reduce(add, nothing)));
    },
    chat: (said) => said.pipe(map(({ text }) => ({ text: text.toUpperCase() }))),
  };
}

async function* count(session: Everything.Session, request: CountRequest, signal: AbortSignal) {
  for (let value = 0; value < request.count; value++) {
    if (request.failAfter > 0 && value === request.failAfter) throw new Fault(Code.DATA_LOSS, 'lost count');
    yield { value };
    if (request.intervalMs === 0) continue;
    await sleep(request.intervalMs, undefined, { signal }).catch((error) => {
      session.callback.noted({ text: 'count was cancelled' });
      throw error;
    });
  }
}

/** Asks the client by the callback that the question names, else by `Confirm`. */
async function ask({ callback }: Everything.Session, question: string): Promise<string> {
  switch (question) {
    case 'watch': {
      const values = await firstValueFrom(callback.watch({ count: 2 }).pipe(toArray()));
      return values.map(({ value }) => value).join(' ');
    }
    case 'upload': {
      const parts = [Buffer.from([0, 1, 2]), Buffer.from([3, 4])];
      const { sizeBytes } = await callback.upload(parts.map((part) => ({ part })));
      return `${sizeBytes}`;
    }
    case 'mirror': {
      const values = await firstValueFrom(callback.mirror([{ text: 'left' }, { text: 'right' }]).pipe(toArray()));
      return values.map(({ text }) => text).join(' ');
    }
    case 'impatient':
      return (await callback.confirm({ question }, { timeoutMs: 50 })).answer;
    case 'something new': {
      // What a newer contract has, and the types of this one do not.
      const newer = callback as unknown as { hint(): void; whisper: typeof callback.confirm };
      newer.hint();
      return (await newer.whisper()).answer;
    }
    default:
      return (await callback.confirm({ question })).answer;
  }
}

/** What the caller is told of a question that failed. */
function answerFrom(thrown: unknown): string {
  const error = DuplexError.from(thrown);
  const refused = error.detail(Refused);
  if (refused !== undefined) return `refused: ${refused.reason}`;
  if (error.kind !== 'fault') return error.kind;
  return `${Object.entries(Code).find(([, code]) => code === error.code)?.[0]}: ${error.message}`;
}
