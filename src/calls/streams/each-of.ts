import type { Observable, Subscription } from 'rxjs';
import { Code, DuplexError } from '../../errors.js';
import { subscribeTo } from './stream-source.js';

/** So many values wait for a loop. */
const MAX_WAITING = 1_024;

/**
 * An observable for a loop. It cannot be slowed down: what the loop has not
 * asked for waits, and if that is too much the loop throws RESOURCE_EXHAUSTED.
 * Leaving the loop unsubscribes.
 */
export async function* eachOf<Value>(source: Observable<Value>): AsyncGenerator<Value, undefined> {
  const waiting: Value[] = [];
  let end: { readonly error?: unknown } | undefined;
  let wake = (): void => {};
  let subscription: Subscription | undefined;
  const begun = (begins: Subscription): void => {
    subscription = begins;
  };
  const finish = (how: { readonly error?: unknown }): void => {
    end ??= how;
    subscription?.unsubscribe();
    wake();
  };
  subscribeTo(source, begun, {
    next(value) {
      if (waiting.length >= MAX_WAITING) return finish({ error: overrun() });
      waiting.push(value);
      wake();
    },
    error: (error: unknown) => finish({ error }),
    complete: () => finish({}),
  });
  try {
    while (true) {
      while (waiting.length > 0) yield waiting.shift() as Value;
      if (end !== undefined && 'error' in end) throw end.error;
      if (end !== undefined) return undefined;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    subscription?.unsubscribe();
  }
}

function overrun(): DuplexError {
  const message = `more than ${MAX_WAITING} items wait for a loop over what an interceptor made of a stream: take them faster`;
  return new DuplexError('fault', message, { code: Code.RESOURCE_EXHAUSTED });
}
