import type { DuplexError } from '../../errors.js';
import type { Pace } from '../../session/sending/pace.js';
import type { Waiter } from '../../session/sending/waiting-line.js';

/**
 * What a one-way call returns. Awaiting it is backpressure: it settles when
 * the call is admitted to the session, no more than a frame is to be written
 * before it, nor too much on its way to a peer that is late. Left alone it does
 * no harm: a failure then goes to `onError`, never to an unhandled rejection.
 */
export type Sent = PromiseLike<void>;

/** The one Sent of all calls that were admitted at once: nothing is allocated for them. */
export const sent: Sent = Object.freeze({
  // biome-ignore lint/suspicious/noThenProperty: a Sent is awaited
  then<A = void, B = never>(
    onFulfilled?: ((value: void) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): PromiseLike<A | B> {
    return Promise.resolve().then(onFulfilled, onRejected);
  },
});

/** The Sent of all calls of a session that were admitted while it is ahead of its carrier or its peer: who awaits it waits until that is no longer so. */
export class PacedSent implements Sent {
  readonly #pace: Pace;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  // biome-ignore lint/suspicious/noThenProperty: a Sent is awaited
  then<A = void, B = never>(
    onFulfilled?: ((value: void) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): PromiseLike<A | B> {
    return new Promise<void>((resolve) => this.#pace.wait(resolve)).then(onFulfilled, onRejected);
  }
}

/** Whether a call was admitted at once, so that it does not fail any more. */
export function isAdmitted(result: unknown): result is Sent {
  return result === sent || result instanceof PacedSent;
}

/** The Sent of a call that waits to be admitted, or failed. */
export class PendingSent implements Sent, Waiter {
  #outcome: 'pending' | 'admitted' | DuplexError = 'pending';
  #observers: { admitted: () => void; failed: (error: DuplexError) => void }[] | undefined;
  readonly #unobserved: (error: DuplexError) => void;

  /** `unobserved` hears of a failure that nobody awaits. */
  constructor(unobserved: (error: DuplexError) => void) {
    this.#unobserved = unobserved;
  }

  admitted(): void {
    this.#outcome = 'admitted';
    for (const observer of this.#observers ?? []) observer.admitted();
    this.#observers = undefined;
  }

  failed(error: DuplexError): void {
    this.#outcome = error;
    const observers = this.#observers;
    this.#observers = undefined;
    for (const observer of observers ?? []) observer.failed(error);
    if (observers !== undefined) return;
    // `await` looks at a thenable one microtask after the call returned; only after that is it left alone.
    void Promise.resolve()
      .then(() => {})
      .then(() => {
        if (!this.#observed) this.#unobserved(error);
      });
  }

  #observed = false;

  // biome-ignore lint/suspicious/noThenProperty: a Sent is awaited
  then<A = void, B = never>(
    onFulfilled?: ((value: void) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): PromiseLike<A | B> {
    this.#observed = true;
    return new Promise<void>((resolve, reject) => {
      if (this.#outcome === 'admitted') resolve();
      else if (this.#outcome !== 'pending') reject(this.#outcome);
      else {
        this.#observers ??= [];
        this.#observers.push({ admitted: resolve, failed: reject });
      }
    }).then(onFulfilled, onRejected);
  }
}
