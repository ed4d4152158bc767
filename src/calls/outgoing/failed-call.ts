import { type MethodInfo, streamsReplies } from '../../contract/contract.js';
import type { DuplexError } from '../../errors.js';
import { Observable } from '../rx.js';
import { PendingSent, type Sent } from './sent.js';

/** What a call returns that failed before it was made, in its shape. A failed one-way call that nobody awaits is `unobserved`. */
export function failedCall(
  method: MethodInfo,
  error: DuplexError,
  unobserved: (error: DuplexError) => void,
): Sent | Promise<unknown> | Observable<unknown> {
  if (method.shape === 'one-way') return failedSent(error, unobserved);
  if (streamsReplies(method)) return new Observable((subscriber) => subscriber.error(error));
  const rejected = Promise.reject(error);
  // Whoever awaits it gets the rejection; who does not must not lose the process over it.
  rejected.catch(() => {});
  return rejected;
}

/** The Sent of a one-way call that failed before it was made. */
export function failedSent(error: DuplexError, unobserved: (error: DuplexError) => void): Sent {
  const sent = new PendingSent(unobserved);
  sent.failed(error);
  return sent;
}
