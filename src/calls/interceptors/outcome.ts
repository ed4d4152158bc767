/**
 * What becomes of a handler, and whether anybody has asked: an interceptor that
 * awaits it may have dealt with its failure, one that leaves it alone has not.
 * That failure never counts as unhandled.
 */
export class Outcome extends Promise<unknown> {
  /** What is made of it are promises like any other. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** Whether somebody has awaited it. */
  isAsked = false;

  /** The outcome of a handler that returned a promise. */
  static of(handled: Promise<unknown>): Outcome {
    const outcome = new Outcome((resolve) => resolve(handled));
    outcome.catch(() => {});
    outcome.isAsked = false;
    return outcome;
  }

  // biome-ignore lint/suspicious/noThenProperty: this is a promise, and `await` asks by it
  override then<Value, Other>(
    onValue?: ((value: unknown) => Value | PromiseLike<Value>) | null,
    onError?: ((reason: unknown) => Other | PromiseLike<Other>) | null,
  ): Promise<Value | Other> {
    this.isAsked = true;
    return super.then(onValue, onError);
  }
}
