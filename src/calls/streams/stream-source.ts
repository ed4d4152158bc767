import type { ObservableInput, Observer, Subscribable, Subscriber, Subscription } from 'rxjs';
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

/** Throws a TypeError for what is nothing, or a text: its letters are no messages. */
export function checkStream(source: unknown): asserts source is object {
  if (Object(source) !== source) throw noStream(source === null ? 'null' : typeof source);
}

/**
 * Subscribes to an observable, and says by what to unsubscribe before it gives
 * anything: one that gives all at once, and may have no end, is left by that.
 */
export function subscribeTo<Value>(
  source: Observable<Value>,
  begun: (subscription: Subscription) => void,
  observer: Observer<Value>,
): void {
  new Observable<Value>((subscriber) => {
    begun(subscriber);
    return source.subscribe(subscriber);
  }).subscribe(observer);
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
  throw noStream('an object');
}

function noStream(what: string): TypeError {
  return new TypeError(`${what} is no stream: give an observable, an iterable, a promise or a ReadableStream`);
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
