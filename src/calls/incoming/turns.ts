import type { IncomingCall } from './call.js';

/**
 * How many calls of a session run at a time: `single`, one after another;
 * `reentrant`, one after another too, but one that awaits a call of its own
 * gives up its turn until the answer is there; `multiple`, side by side.
 */
export type Concurrency = 'single' | 'reentrant' | 'multiple';

interface Resumption {
  readonly call: IncomingCall<unknown>;
  readonly goOn: () => void;
}

/**
 * Whose turn it is among the calls that run. In `reentrant` a call is parked
 * while it awaits calls of its own, and takes a turn again for the last of
 * their answers. `limit` is how many may run in any mode, parked ones included.
 */
export class Turns {
  readonly mode: Concurrency;
  readonly #limit: number;
  readonly #atOnce: number;
  /** Made with the first call that does not return at once. */
  #running: Set<IncomingCall<unknown>> | undefined;
  /** How many answers each parked call awaits; only `reentrant` parks any. */
  #parked: Map<IncomingCall<unknown>, number> | undefined;
  /** Made when the first parked call wants to go on. */
  #resumptions: Resumption[] | undefined;

  constructor(mode: Concurrency, limit: number) {
    this.mode = mode;
    this.#limit = limit;
    this.#atOnce = mode === 'multiple' ? limit : 1;
  }

  /** How many calls run, parked ones included. */
  get size(): number {
    return this.#running?.size ?? 0;
  }

  /** Whether another call may begin. */
  get isFree(): boolean {
    return this.#hasTurn && this.size < this.#limit;
  }

  /**
   * Whether a call that serves a running one may begin. Those that run side by
   * side may all be waiting for calls like this one, so it is not counted among them.
   */
  get isFreeForNested(): boolean {
    return this.mode === 'multiple' || this.#hasTurn;
  }

  get #hasTurn(): boolean {
    return this.size - (this.#parked?.size ?? 0) < this.#atOnce;
  }

  has(call: IncomingCall<unknown>): boolean {
    return this.#running?.has(call) ?? false;
  }

  running(): Iterable<IncomingCall<unknown>> {
    return this.#running ?? [];
  }

  take(call: IncomingCall<unknown>): void {
    this.#running ??= new Set();
    this.#running.add(call);
  }

  leave(call: IncomingCall<unknown>): void {
    this.#running?.delete(call);
    this.#parked?.delete(call);
  }

  /** `call` awaits an answer. True if that sets a turn free. */
  park(call: IncomingCall<unknown>): boolean {
    if (this.mode !== 'reentrant' || !this.has(call)) return false;
    this.#parked ??= new Map();
    const awaited = this.#parked.get(call) ?? 0;
    this.#parked.set(call, awaited + 1);
    return awaited === 0;
  }

  /** An answer that `call` awaited is there: `goOn` hands it over, at once or when it is `call`'s turn again. */
  unpark(call: IncomingCall<unknown>, goOn: () => void): void {
    const awaited = this.#parked?.get(call);
    if (awaited === 1) {
      this.#resumptions ??= [];
      this.#resumptions.push({ call, goOn });
    } else {
      if (awaited !== undefined) this.#parked?.set(call, awaited - 1);
      goOn();
    }
  }

  /** Gives a turn that is free to the first parked call that has its answer. False if there is none of either. */
  goOn(): boolean {
    if (!this.#hasTurn) return false;
    const resumption = this.#resumptions?.shift();
    if (resumption === undefined) return false;
    const { call, goOn } = resumption;
    this.#parked?.delete(call);
    goOn();
    return true;
  }

  /** The session is over: nobody waits for a turn any more. */
  release(): void {
    const resumptions = this.#resumptions ?? [];
    this.#resumptions = undefined;
    for (const { goOn } of resumptions) goOn();
  }
}
