import type { MethodInfo } from '../contract/contract.js';
import { DuplexError } from '../errors.js';
import { Alarm } from '../transport/alarm.js';
import type { Clock } from '../transport/clock.js';
import type { StreamReceiver } from './stream-receiver.js';
import type { StreamSender } from './stream-sender.js';

/** A call that awaits its answer. */
export interface PendingCall {
  readonly method: MethodInfo;
  /** When to give up, on the clock's time. */
  readonly deadline: number;
  readonly timeoutMs: number;
  /** Between these marks lies the call itself, if it had to wait for the window. */
  readonly sentSince: number;
  readonly sentUntil: number;
  /** The reply came; for a stream, its end. */
  resolve(reply: unknown): void;
  reject(error: DuplexError): void;
  /** Takes back what was set up for the call, e.g. listening to its signal. */
  readonly cleanUp?: (() => void) | undefined;
  /** Takes the items of a reply stream. */
  readonly replies?: StreamReceiver | undefined;
  /** Sends the items of a request stream. */
  readonly requests?: StreamSender | undefined;
}

/** The calls of one side that await their answers. One coarse timer serves all their deadlines. */
export class PendingCalls {
  readonly #calls = new Map<number, PendingCall>();
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  readonly #onTimeout: (id: number, call: PendingCall) => void;

  /** `onTimeout` is called for a call that is given up; it is no longer pending then. */
  constructor(clock: Clock, onTimeout: (id: number, call: PendingCall) => void) {
    this.#clock = clock;
    this.#onTimeout = onTimeout;
    this.#alarm = new Alarm(clock, () => this.#expire());
  }

  get size(): number {
    return this.#calls.size;
  }

  values(): Iterable<PendingCall> {
    return this.#calls.values();
  }

  add(id: number, call: PendingCall): void {
    this.#calls.set(id, call);
    this.#alarm.setAt(call.deadline);
  }

  get(id: number): PendingCall | undefined {
    return this.#calls.get(id);
  }

  /** Ends the wait for an answer; undefined if nobody waits for this one. */
  take(id: number): PendingCall | undefined {
    const call = this.#calls.get(id);
    if (call === undefined) return undefined;
    this.#calls.delete(id);
    call.requests?.stop();
    call.cleanUp?.();
    return call;
  }

  /** Rejects every call at once. */
  failAll(error: DuplexError): void {
    this.#alarm.cancel();
    for (const id of [...this.#calls.keys()]) this.take(id)?.reject(error);
  }

  #expire(): void {
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [id, call] of this.#calls) {
      if (call.deadline > now) next = Math.min(next, call.deadline);
      else {
        this.take(id);
        this.#onTimeout(id, call);
        const message = `no reply to ${call.method.localName} within ${call.timeoutMs} ms`;
        call.reject(new DuplexError('timeout', message, { executed: 'maybe' }));
      }
    }
    if (next < Number.POSITIVE_INFINITY) this.#alarm.setAt(next);
  }
}
