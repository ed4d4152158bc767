import type { Observable } from 'rxjs';
import { vi } from 'vitest';

/** What an observable emits, as it comes; 'complete' and an error stand at the end. */
export function record<Value>(observable: Observable<Value>): (Value | 'complete')[] {
  const seen: (Value | 'complete')[] = [];
  observable.subscribe({ next: (value) => seen.push(value), complete: () => seen.push('complete') });
  return seen;
}

/**
 * Waits until `check` no longer throws, and returns what it returns. For what
 * comes over a socket and announces itself in no other way.
 */
export function eventually<Value>(check: () => Value): Promise<Value> {
  return vi.waitFor(check, { timeout: 60_000, interval: 2 });
}

/** A promise with its ends in hand. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (reason: unknown) => void;
}

/** Makes a promise that the test settles. */
export function deferred<Value = void>(): Deferred<Value> {
  let ends!: Omit<Deferred<Value>, 'promise'>;
  const promise = new Promise<Value>((resolve, reject) => {
    ends = { resolve, reject };
  });
  return { promise, ...ends };
}
