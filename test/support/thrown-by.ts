import { DuplexError } from '../../src/errors.js';

/** What `run` throws. Fails if it does not throw. */
export function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** The error with which `promise` rejects. Fails if it resolves, or rejects with anything but a DuplexError. */
export async function rejectionOf(promise: PromiseLike<unknown>): Promise<DuplexError> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    if (error instanceof DuplexError) return error;
    throw new Error('rejected with something that is no DuplexError', { cause: error });
  }
  throw new Error(`resolved with ${JSON.stringify(value)}`);
}
