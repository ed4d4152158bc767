import { DuplexError } from '../../errors.js';
import { Observable } from '../rx.js';
import { isObservable, subscribeTo } from '../streams/stream-source.js';
import type { Interceptor } from './interceptor.js';

/** One call, after its end. */
export interface CallLog {
  readonly direction: 'in' | 'out';
  /** Local name of the operation or callback. */
  readonly method: string;
  /** What the call failed with, if it did; a one-way call that goes out has no end that could be waited for. */
  readonly error: DuplexError | undefined;
  readonly durationMs: number;
}

/** Tells `log` of every call, once, when it is over. */
export function logging(log: (call: CallLog) => void): Interceptor {
  const follow = (direction: CallLog['direction'], method: string, run: () => unknown, isOneWay: boolean): unknown => {
    const start = performance.now();
    const end = (error?: unknown): void =>
      log({
        direction,
        method,
        error: error === undefined ? undefined : DuplexError.from(error),
        durationMs: performance.now() - start,
      });
    try {
      const result = run();
      if (isObservable(result)) return followed(result, end);
      // To look at a Sent is to await it, and then nobody else is told of its failure.
      if (!isOneWay && result instanceof Promise) result.then(() => end(), end);
      else end();
      return result;
    } catch (error) {
      end(error);
      throw error;
    }
  };
  return {
    incoming: ({ method, request }, next) => follow('in', method.localName, () => next(request), false),
    outgoing: ({ method, request, options }, next) =>
      follow('out', method.localName, () => next(request, options), method.shape === 'one-way'),
  };
}

/** The same stream, which tells of its end before anybody else hears of it: that it failed, is complete, or was left. */
function followed(source: Observable<unknown>, end: (error?: unknown) => void): Observable<unknown> {
  return new Observable((subscriber) => {
    let isOver = false;
    const tell = (pass: () => void, error?: unknown): void => {
      isOver = true;
      try {
        end(error);
      } catch (thrown) {
        return subscriber.error(thrown);
      }
      pass();
    };
    subscribeTo(source, (subscription) => subscriber.add(subscription), {
      next: (value) => subscriber.next(value),
      error: (error: unknown) => tell(() => subscriber.error(error), error),
      complete: () => tell(() => subscriber.complete()),
    });
    return () => {
      if (!isOver) end();
    };
  });
}
