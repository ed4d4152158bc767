import type { MethodInfo } from '../contract/contract.js';
import type { IncomingCall } from './call.js';

/** What becomes of a call that was handed to a handler. */
export interface DispatcherEvents<Session> {
  /** Runs the handler; may throw. */
  invoke(method: MethodInfo, request: unknown, call: IncomingCall<Session>): unknown;
  returned(method: MethodInfo, call: IncomingCall<Session>, reply: unknown): void;
  threw(method: MethodInfo, call: IncomingCall<Session>, error: unknown): void;
  /** A call that had to wait has begun. */
  begun(call: IncomingCall<Session>): void;
  /** Whether another call may begin now; if not, `drain` is called when it may. */
  mayBegin(): boolean;
  /** Nothing runs or waits any more. */
  idle(): void;
}

/** So many calls that have begun are kept before the list is cut. */
const MAX_SPENT = 1_024;

interface WaitingCall<Session> {
  readonly method: MethodInfo;
  readonly request: unknown;
  readonly call: IncomingCall<Session>;
}

/**
 * Runs calls in the order in which they arrived, at most `concurrency` at a
 * time; the others wait. A handler that returns no promise is done when it
 * returns and costs no promise either.
 */
export class Dispatcher<Session> {
  #paused: boolean;
  #draining = false;
  /** Calls that wait begin at `#head`: shifting a long array one by one would be quadratic. */
  #waiting: WaitingCall<Session>[] = [];
  #head = 0;
  readonly #running = new Set<IncomingCall<Session>>();
  readonly #concurrency: number;
  readonly #events: DispatcherEvents<Session>;

  /** With `paused` nothing runs until `resume`. */
  constructor(concurrency: number, paused: boolean, events: DispatcherEvents<Session>) {
    this.#concurrency = concurrency;
    this.#paused = paused;
    this.#events = events;
  }

  get isIdle(): boolean {
    return this.#running.size === 0 && this.#head === this.#waiting.length;
  }

  /** Runs a call, or lets it wait for its turn: then the answer is false. */
  dispatch(method: MethodInfo, request: unknown, call: IncomingCall<Session>): boolean {
    if (this.#mustWait() || this.#head < this.#waiting.length) {
      this.#waiting.push({ method, request, call });
      return false;
    }
    this.#run(method, request, call);
    return true;
  }

  /** Begins to run calls. */
  resume(): void {
    this.#paused = false;
    this.drain();
  }

  /** The peer does not want the answer any more. A call that has not begun never will. */
  cancel(id: number, reason: unknown): void {
    if (id === 0) return;
    for (const call of this.#running) if (call.id === id) call.abort(reason);
    for (let i = this.#head; i < this.#waiting.length; i++) {
      const { call } = this.#waiting[i] as WaitingCall<Session>;
      if (call.id === id) call.abort(reason);
    }
  }

  /** Tells every running handler that the session is over and forgets the others. */
  abortAll(reason: unknown): void {
    this.#waiting = [];
    this.#head = 0;
    for (const call of this.#running) call.abort(reason);
  }

  #mustWait(): boolean {
    return this.#paused || this.#running.size >= this.#concurrency || !this.#events.mayBegin();
  }

  #run(method: MethodInfo, request: unknown, call: IncomingCall<Session>): void {
    let result: unknown;
    try {
      result = this.#events.invoke(method, request, call);
    } catch (error) {
      this.#events.threw(method, call, error);
      return;
    }
    if (!isPromiseLike(result)) {
      this.#events.returned(method, call, result);
      return;
    }
    this.#running.add(call);
    // Resolved once more, for a thenable that is no promise may throw, or answer twice.
    Promise.resolve(result).then(
      (reply) => this.#settle(call, () => this.#events.returned(method, call, reply)),
      (error: unknown) => this.#settle(call, () => this.#events.threw(method, call, error)),
    );
  }

  #settle(call: IncomingCall<Session>, tell: () => void): void {
    this.#running.delete(call);
    tell();
    this.drain();
    if (this.isIdle) this.#events.idle();
  }

  /** Begins calls that wait, as far as they may. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    while (this.#head < this.#waiting.length && !this.#mustWait()) {
      const { method, request, call } = this.#waiting[this.#head++] as WaitingCall<Session>;
      if (this.#head === this.#waiting.length || this.#head === MAX_SPENT) {
        this.#waiting = this.#waiting.slice(this.#head);
        this.#head = 0;
      }
      this.#events.begun(call);
      if (!call.isAborted) this.#run(method, request, call);
    }
    this.#draining = false;
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
