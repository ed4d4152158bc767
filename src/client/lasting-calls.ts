import {
  type CallOptions,
  checkTimeout,
  DEFAULT_CALL_TIMEOUT_MS,
  type OneWayOptions,
} from '../calls/outgoing/call-options.js';
import { failedCall } from '../calls/outgoing/failed-call.js';
import { isAdmitted, PendingSent, type Sent } from '../calls/outgoing/sent.js';
import { Subscription } from '../calls/rx.js';
import { IterableObservable, type MessageStream } from '../calls/streams/message-stream.js';
import { asUnheard } from '../calls/streams/unheard-errors.js';
import type { MethodInfo } from '../contract/contract.js';
import { DuplexError } from '../errors.js';
import type { Clock } from '../transport/clock.js';
import { type Entrant, SessionGate } from './session-gate.js';

/** How long a stream lasts unless its caller says otherwise. */
const NO_LIMIT = Number.POSITIVE_INFINITY;

interface TimedCall {
  readonly place: Omit<Entrant, 'run' | 'fail'>;
  readonly left: () => CallOptions;
}

/** What lasting calls need of the client. */
export interface LastingCallsOwner {
  readonly clock: Clock;
  /** Why there is no session ready, as far as that is known. */
  obstacle(): string | undefined;
  /** Calls in the present session, in the way of the method's shape. */
  call(method: MethodInfo, request: unknown, options: CallOptions): unknown;
  /** Whether a call that failed so shall be made again in the next session. */
  outlasts(error: DuplexError): boolean;
  /** Hears of one-way calls that failed without being awaited. */
  unsent(method: MethodInfo, error: DuplexError): void;
  /** Hears of streams that failed with nobody to hear it. */
  report(error: DuplexError, method: MethodInfo): void;
}

/**
 * Calls that may outlast a session. Between sessions they wait, in order. What
 * is known not to have run, and what may run twice, is called again in the
 * next session; what may have run is not, and fails with `executed: 'maybe'`.
 */
export class LastingCalls {
  readonly gate: SessionGate;
  readonly #owner: LastingCallsOwner;

  constructor(owner: LastingCallsOwner) {
    this.#owner = owner;
    this.gate = new SessionGate(owner.clock, () => owner.obstacle());
  }

  /** Calls in the way of the method's shape. */
  call(method: MethodInfo, request: unknown, options: CallOptions = {}): unknown {
    if (method.shape === 'one-way') return this.#send(method, request, options);
    try {
      checkTimeout(method, options);
    } catch (error) {
      return failedCall(method, DuplexError.from(error), (unheard) => this.#owner.report(unheard, method));
    }
    if (method.shape === 'request-reply' || method.shape === 'request-stream') {
      return this.#promise(method, request, options);
    }
    return this.#stream(method, request, options);
  }

  #send(method: MethodInfo, request: unknown, options: OneWayOptions): Sent {
    const send = (): Sent => this.#owner.call(method, request, options) as Sent;
    if (this.gate.isOpen) {
      const first = send();
      return isAdmitted(first) ? first : this.#resending(method, send, first);
    }
    return this.#resending(method, send);
  }

  #resending(method: MethodInfo, send: () => Sent, first?: Sent): Sent {
    const result = new PendingSent((error) => this.#owner.unsent(method, error));
    const follow = (attempt: Sent): void => {
      attempt.then(
        () => result.admitted(),
        (error: DuplexError) => (this.#mayRepeat(method, error) ? again() : result.failed(error)),
      );
    };
    const again = (): void => {
      this.gate.enter({ run: () => follow(send()), fail: (error) => result.failed(error) });
    };
    if (first === undefined) again();
    else follow(first);
    return result;
  }

  #promise(method: MethodInfo, request: unknown, options: CallOptions): Promise<unknown> {
    const { place, left } = this.#timed(method, options, DEFAULT_CALL_TIMEOUT_MS);
    const reply = new Promise<unknown>((resolve, reject) => {
      const run = (): void => {
        (this.#owner.call(method, request, left()) as Promise<unknown>).then(resolve, (error: DuplexError) => {
          if (this.#mayRepeat(method, error)) enter();
          else reject(error);
        });
      };
      const enter = (): void => void this.gate.enter({ run, fail: reject, ...place });
      enter();
    });
    // A reply that nobody awaits must not end the process; whoever awaits it still gets the rejection.
    reply.catch(() => {});
    return reply;
  }

  /** A stream is not made again by itself: what came of it cannot be told from what would come again. */
  #stream(method: MethodInfo, request: unknown, options: CallOptions): MessageStream<unknown> {
    const call = (left: CallOptions): MessageStream<unknown> =>
      this.#owner.call(method, request, left) as MessageStream<unknown>;
    const { clock } = this.#owner;
    return new IterableObservable(
      (subscriber) => {
        const { place, left } = this.#timed(method, options, NO_LIMIT);
        const subscription = new Subscription();
        const fail = (error: DuplexError): void =>
          subscriber.error(asUnheard(error, (unheard) => this.#owner.report(unheard, method)));
        const leave = this.gate.enter({
          run: () => subscription.add(call(left()).subscribe(subscriber)),
          // Never at once, so that `retry()` on a client that is over lets others run.
          fail: (error) => void clock.schedule(clock.now(), () => fail(error)),
          ...place,
        });
        subscription.add(leave);
        return subscription;
      },
      () => {
        const { place, left } = this.#timed(method, options, NO_LIMIT);
        const ready = new Promise<void>((run, fail) => this.gate.enter({ run, fail, ...place }));
        // A loop that never takes its first step hears of nothing.
        ready.catch(() => {});
        return iterate(ready, () => call(left()));
      },
    );
  }

  /** A call that begins now: how it waits at the gate, and what is left of its time when it is made. */
  #timed(method: MethodInfo, options: CallOptions, defaultMs: number): TimedCall {
    const { clock } = this.#owner;
    const { signal, timeoutMs = defaultMs } = options;
    const deadline = clock.now() + timeoutMs;
    return {
      place: { name: method.localName, signal, deadline, timeoutMs },
      left: () => ({ ...options, timeoutMs: Math.max(1, deadline - clock.now()) }),
    };
  }

  #mayRepeat({ idempotent }: MethodInfo, error: DuplexError): boolean {
    return (error.executed === 'no' || idempotent) && this.#owner.outlasts(error);
  }
}

async function* iterate(ready: Promise<void>, call: () => AsyncIterable<unknown>): AsyncGenerator<unknown, undefined> {
  await ready;
  yield* call();
  return undefined;
}
