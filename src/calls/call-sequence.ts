import type { MethodInfo } from '../contract/contract.js';
import { Code, DuplexError } from '../errors.js';

/** The calls of one direction of a session: which may be the first, and that none follows a terminating one. */
export class CallSequence {
  #hasBegun = false;
  #last: MethodInfo | undefined;

  /** Undefined if the contract lets any of these methods be called at any time. */
  static of(methods: readonly MethodInfo[]): CallSequence | undefined {
    const isFree = methods.every(({ initiating, terminating }) => initiating && !terminating);
    return isFree ? undefined : new CallSequence();
  }

  /** Throws FAILED_PRECONDITION if a method cannot be called now. */
  check(method: MethodInfo): void {
    if (this.#last !== undefined) {
      throw outOfTurn(`${this.#last.localName} was the last call of this session: ${method.localName} needs a new one`);
    }
    if (this.#hasBegun || method.initiating) return;
    throw outOfTurn(`${method.localName} cannot be the first call of a session: the contract says initiating = false`);
  }

  /** A method that was checked is called. */
  enter(method: MethodInfo): void {
    this.#hasBegun = true;
    if (method.terminating) this.#last = method;
  }
}

function outOfTurn(message: string): DuplexError {
  return new DuplexError('fault', message, { code: Code.FAILED_PRECONDITION });
}
