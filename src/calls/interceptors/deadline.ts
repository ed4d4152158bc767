import type { Interceptor } from './interceptor.js';

/** Gives every call that says nothing of its own so many milliseconds for its answer; streams, for their whole life. */
export function deadline(timeoutMs: number): Interceptor {
  return {
    outgoing: ({ method, request, options }, next) =>
      next(request, method.shape === 'one-way' ? options : { timeoutMs, ...options }),
  };
}
