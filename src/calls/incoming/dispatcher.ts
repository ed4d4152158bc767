import type { MethodInfo } from '../../contract/contract.js';
import { Code, Fault } from '../../errors.js';
import { isPromiseLike } from '../../observability/hook.js';
import type { IncomingCall } from './call.js';
import { cycleFault, findServed } from './call-chain.js';
import type { CallLimits } from './call-limits.js';
import { type Concurrency, Turns } from './turns.js';

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

/** Something that is no call but has its place among them. */
interface WaitingNews<Session> {
  readonly tell: () => void;
  readonly call: IncomingCall<Session>;
}

/**
 * Runs calls in the order in which they arrived, as many at a time as the
 * concurrency mode and the limits allow; the others wait. A handler that returns
 * no promise is done when it returns and costs no promise either.
 */
export class Dispatcher<Session> {
  #paused: boolean;
  #draining = false;
  /** Calls that wait begin at `#head`: shifting a long array one by one would be quadratic. */
  #waiting: (WaitingCall<Session> | WaitingNews<Session>)[] = [];
  #head = 0;
  /** Calls that serve calls of this side: they go before all that wait. Made with the first that has to. */
  #nested: WaitingCall<Session>[] | undefined;
  readonly #turns: Turns;
  readonly #limits: CallLimits;
  readonly #events: DispatcherEvents<Session>;

  /** With `paused` nothing runs until `resume`. */
  constructor(mode: Concurrency, limits: CallLimits, paused: boolean, events: DispatcherEvents<Session>) {
    this.#turns = new Turns(mode, limits.running);
    this.#limits = limits;
    this.#paused = paused;
    this.#events = events;
  }

  get #nestedCount(): number {
    return this.#nested?.length ?? 0;
  }

  get isIdle(): boolean {
    return this.#turns.size === 0 && this.#head === this.#waiting.length && this.#nestedCount === 0;
  }

  /** Whether a call that comes now begins at once. */
  get isFree(): boolean {
    return this.#head === this.#waiting.length && this.#mayBegin();
  }

  /**
   * Runs a call, or lets it wait for its turn: then the answer is false. Throws
   * a Fault if too many wait; what has no answer is never refused.
   */
  dispatch(method: MethodInfo, request: unknown, call: IncomingCall<Session>): boolean {
    if (!this.isFree) {
      const ahead = this.#waiting.length - this.#head;
      const isFull = ahead >= this.#limits.waiting && call.id !== 0;
      // Refusing is an answer, too: who does not take any must not cause more of them.
      if (isFull && !this.#paused && this.#events.mayBegin()) throw this.#limits.refuse('waiting');
      this.#waiting.push({ method, request, call });
      return false;
    }
    this.#run(method, request, call);
    return true;
  }

  /** Tells something when every call that came before it has begun: at once, or later; then the answer is false. */
  inTurn(callOf: () => IncomingCall<Session>, tell: () => void): boolean {
    if (this.#head < this.#waiting.length) {
      this.#waiting.push({ tell, call: callOf() });
      return false;
    }
    tell();
    return true;
  }

  /**
   * Runs a call that serves a call of this side, before those that wait. Throws
   * a Fault if it would wait for a call that waits for it, or if there are too many.
   */
  dispatchNested(method: MethodInfo, request: unknown, call: IncomingCall<Session>): void {
    const blocking = this.#turns.mode === 'single' ? findServed(call, (served) => this.#turns.has(served)) : undefined;
    if (blocking !== undefined) throw cycleFault(call, blocking);
    // No window gates these, so their number is bounded here.
    const limit = 2 * this.#limits.running;
    if (this.#turns.size + this.#nestedCount >= limit) {
      const message = `${limit} calls run or serve calls that run, in one session`;
      throw new Fault(Code.RESOURCE_EXHAUSTED, message, [], { executed: 'no' });
    }
    this.#nested ??= [];
    this.#nested.push({ method, request, call });
    this.drain();
  }

  /** Begins to run calls. */
  resume(): void {
    this.#paused = false;
    this.drain();
  }

  /** A running call awaits an answer of the peer. */
  park(call: IncomingCall<unknown>): void {
    // Not before its handler has come to its await.
    if (this.#turns.park(call)) queueMicrotask(() => this.drain());
  }

  /** An answer that a running call awaited is there: `goOn` hands it over when it is that call's turn. */
  unpark(call: IncomingCall<unknown>, goOn: () => void): void {
    this.#turns.unpark(call, goOn);
    this.drain();
  }

  /** The peer does not want the answer any more. A call that has not begun never will. */
  cancel(id: number, reason: unknown): void {
    if (id === 0) return;
    for (const call of this.#turns.running()) if (call.id === id) call.abort(reason);
    for (const { call } of this.#nested ?? []) if (call.id === id) call.abort(reason);
    for (let i = this.#head; i < this.#waiting.length; i++) {
      const call = this.#waiting[i]?.call;
      if (call?.id === id) call.abort(reason);
    }
  }

  /** Tells every running handler that the session is over and forgets the others. */
  abortAll(reason: unknown): void {
    this.#waiting = [];
    this.#head = 0;
    this.#nested = undefined;
    for (const call of this.#turns.running()) {
      call.abort(reason);
      call.end();
    }
    this.#turns.release();
  }

  #mayBegin(): boolean {
    return !this.#paused && this.#turns.isFree && this.#events.mayBegin();
  }

  #run(method: MethodInfo, request: unknown, call: IncomingCall<Session>): void {
    const turns = this.#turns;
    const reentrant = turns.mode === 'reentrant';
    // It may give up its turn before it returns.
    if (reentrant) turns.take(call);
    let result: unknown;
    try {
      result = this.#events.invoke(method, request, call);
    } catch (error) {
      if (reentrant) turns.leave(call);
      this.#events.threw(method, call, error);
      return;
    }
    if (!isPromiseLike(result)) {
      if (reentrant) turns.leave(call);
      this.#events.returned(method, call, result);
      return;
    }
    turns.take(call);
    // Resolved once more, for a thenable that is no promise may throw, or answer twice.
    Promise.resolve(result).then(
      (reply) => this.#settle(call, () => this.#events.returned(method, call, reply)),
      (error: unknown) => this.#settle(call, () => this.#events.threw(method, call, error)),
    );
  }

  #settle(call: IncomingCall<Session>, tell: () => void): void {
    this.#turns.leave(call);
    tell();
    this.drain();
    if (this.isIdle) this.#events.idle();
  }

  /** Lets go on, and begin, as many as may. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    while (this.#turns.goOn() || this.#beginNested() || this.#beginNext());
    this.#draining = false;
  }

  #beginNested(): boolean {
    const next = this.#nested?.[0];
    if (next === undefined || !this.#turns.isFreeForNested || !this.#events.mayBegin()) return false;
    this.#nested?.shift();
    const { method, request, call } = next;
    if (call.isAborted) call.end();
    else this.#run(method, request, call);
    return true;
  }

  #beginNext(): boolean {
    const next = this.#waiting[this.#head];
    // What is told needs no turn: it only follows those before it.
    if (next === undefined || (!('tell' in next) && !this.#mayBegin())) return false;
    this.#head += 1;
    if (this.#head === this.#waiting.length || this.#head === MAX_SPENT) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    const { call } = next;
    this.#events.begun(call);
    if ('tell' in next) next.tell();
    else if (call.isAborted) call.end();
    else this.#run(next.method, next.request, call);
    return true;
  }
}
