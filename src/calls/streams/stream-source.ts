import type { ObservableInput, Subscribable, Subscriber } from 'rxjs';
import { interop, Observable } from '../rx.js';

/** An observable of another library, or of another copy of rxjs. */
type Foreign = Readonly<Record<typeof interop, () => Subscribable<unknown>>>;
type Reader = ReturnType<Extract<ObservableInput<unknown>, { getReader: unknown }>['getReader']>;

/** Whether a value is an observable, of whichever copy of rxjs. */
export function isObservable(value: unknown): value is Observable<unknown> {
  if (value instanceof Observable) return true;
  const { lift, subscribe } = (value ?? {}) as Partial<Observable<unknown>>;
  return typeof lift === 'function' && typeof subscribe === 'function';
}

/**
 * An observable of what rxjs takes for a stream and no loop can take. Throws a
 * TypeError for what is none. rxjs has this too, as `from`, for a twentieth of
 * what the first session of a process takes.
 */
export function observableOf(source: ObservableInput<unknown>): Observable<unknown> {
  if (source instanceof Observable) return source;
  if (isForeign(source)) return new Observable((subscriber) => source[interop]?.().subscribe(subscriber));
  if ('then' in source) return new Observable((subscriber) => settle(source, subscriber));
  if ('length' in source) return new Observable((subscriber) => sayAll(Array.from(source), subscriber));
  if ('getReader' in source) return new Observable((subscriber) => void readAll(source.getReader(), subscriber));
  throw new TypeError('an object is no stream: give an observable, an iterable, a promise or a ReadableStream');
}

function isForeign(source: object): source is Foreign {
  return interop in source;
}

function settle(promise: PromiseLike<unknown>, subscriber: Subscriber<unknown>): void {
  promise.then(
    (value) => sayAll([value], subscriber),
    (error) => subscriber.error(error),
  );
}

function sayAll(values: readonly unknown[], subscriber: Subscriber<unknown>): void {
  for (const value of values) if (!subscriber.closed) subscriber.next(value);
  subscriber.complete();
}

async function readAll(reader: Reader, subscriber: Subscriber<unknown>): Promise<void> {
  try {
    while (!subscriber.closed) {
      const { done, value } = await reader.read();
      if (done) return subscriber.complete();
      subscriber.next(value);
    }
  } catch (error) {
    subscriber.error(error);
  } finally {
    reader.releaseLock();
  }
}
