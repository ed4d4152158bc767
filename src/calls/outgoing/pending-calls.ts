import { DuplexError } from '../../errors.js';
import { Alarm } from '../../transport/alarm.js';
import type { Clock } from '../../transport/clock.js';
import { inMicrotask } from '../../transport/microtask.js';
import { CallTable } from './call-table.js';
import type { PendingCall } from './pending-call.js';

/** Hears of calls that are given up. */
export interface PendingCallsOwner {
  /** The time of a call is up; it is no longer pending. */
  timedOut(call: PendingCall): void;
}

/**
 * The calls of one side that await their answers. One coarse timer serves all
 * their deadlines, and one look at the clock all calls of a turn: when they are
 * made, which is when they are sent. To look for each call was 5 % of what one
 * takes at a client.
 */
export class PendingCalls {
  readonly #calls = new CallTable<PendingCall>();
  /** Those of this turn, whose time has not begun. */
  #fresh: PendingCall[] = [];
  #alarm: Alarm | undefined;
  readonly #clock: Clock;
  readonly #owner: PendingCallsOwner;

  constructor(clock: Clock, owner: PendingCallsOwner) {
    this.#clock = clock;
    this.#owner = owner;
  }

  get size(): number {
    return this.#calls.size;
  }

  values(): readonly PendingCall[] {
    return this.#calls.values();
  }

  add(call: PendingCall): void {
    this.#calls.add(call);
    this.#fresh.push(call);
    if (this.#fresh.length > 1) return;
    // A clock that is never late, such as a test's, may be moved within a turn.
    if ((this.#clock.slackMs ?? 0) === 0) this.#begin();
    else inMicrotask(() => this.#begin());
  }

  /** The time of the calls that were made begins. */
  #begin(): void {
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const call of this.#fresh) {
      call.deadline = Math.ceil(now + call.timeoutMs);
      next = Math.min(next, call.deadline);
    }
    this.#fresh = [];
    this.#alarm ??= new Alarm(this.#clock, { ring: () => this.#expire() });
    this.#alarm.setAt(next);
  }

  get(id: number): PendingCall | undefined {
    return this.#calls.get(id);
  }

  /** Ends the wait for an answer; undefined if nobody waits for this one. */
  take(id: number): PendingCall | undefined {
    const call = this.#calls.get(id);
    if (call !== undefined) this.end(call);
    return call;
  }

  /** The same for a call that the caller got already. */
  end(call: PendingCall): void {
    this.#calls.delete(call.id);
    call.requests?.stop();
    call.cleanUp?.();
  }

  /** Rejects every call at once. */
  failAll(errorFor: (call: PendingCall) => DuplexError): void {
    this.#fresh = [];
    this.#alarm?.cancel();
    for (const call of this.#calls.values()) this.take(call.id)?.reject(errorFor(call));
  }

  #expire(): void {
    // A clock that is moved by hand rings within the turn in which calls are made.
    this.#begin();
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const call of this.#calls.values()) {
      if (call.deadline > now) next = Math.min(next, call.deadline);
      else if (this.get(call.id) === call) {
        // It was not ended by what an earlier one's time-out set off.
        this.end(call);
        this.#owner.timedOut(call);
        const message = `no reply to ${call.method.localName} within ${call.timeoutMs} ms`;
        call.reject(new DuplexError('timeout', message, { executed: 'maybe' }));
      }
    }
    if (next < Number.POSITIVE_INFINITY) this.#alarm?.setAt(next);
  }
}
