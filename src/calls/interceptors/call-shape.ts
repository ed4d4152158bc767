import type { Observable } from 'rxjs';
import { type MethodInfo, streamsReplies } from '../../contract/contract.js';
import { Code, DuplexError } from '../../errors.js';
import { isPromiseLike } from '../../observability/hook.js';
import { isAdmitted, PendingSent, type Sent } from '../outgoing/sent.js';
import { Subscription } from '../rx.js';
import { eachOf } from '../streams/each-of.js';
import { IterableObservable, type MessageStream } from '../streams/message-stream.js';
import { isObservable } from '../streams/stream-source.js';
import { asUnheard } from '../streams/unheard-errors.js';
import { aroundCall, type Make } from './compose.js';
import type { Interceptor } from './interceptor.js';

/** Who hears of a call that failed with nobody to hear it. */
interface Unheard {
  unsent(method: MethodInfo, error: DuplexError): void;
  report(error: DuplexError, method: MethodInfo): unknown;
}

type Shaped = Sent | Promise<unknown> | Observable<unknown>;

/**
 * Makes a call inside the interceptors. What they return comes out in the shape
 * of the call, so they may be asynchronous; for what has no such shape it
 * throws INVALID_ARGUMENT. A one-way call that an interceptor holds back is not
 * made any more, for later ones have overtaken it.
 */
export function interceptedCall(
  interceptors: readonly Interceptor[],
  make: Make,
  unheard: Unheard,
): (...call: Parameters<Make>) => Shaped {
  return (method, request, options) => {
    let isMade = false;
    let isLate = false;
    const result = aroundCall(interceptors, (changed, ...given) => {
      if (isLate && !isMade && method.shape === 'one-way') throw overtaken(method);
      isMade = true;
      return make(changed, ...given);
    })(method, request, options);
    isLate = true;
    return shaped(method, result, unheard);
  };
}

function shaped(method: MethodInfo, result: unknown, unheard: Unheard): Shaped {
  if (streamsReplies(method)) {
    if (isObservable(result)) return Symbol.asyncIterator in result ? result : iterable(result);
    if (isPromiseLike(result)) return later(method, result, unheard);
  } else if (isPromiseLike(result)) {
    if (method.shape === 'one-way') return asSent(method, result, unheard);
    const reply = Promise.resolve(result);
    // Its caller may leave it alone like any other.
    reply.catch(() => {});
    return reply;
  }
  throw misshapen(method, result);
}

function asSent(method: MethodInfo, result: PromiseLike<unknown>, unheard: Unheard): Sent {
  if (isAdmitted(result) || result instanceof PendingSent) return result;
  const waiting = new PendingSent((error) => unheard.unsent(method, error));
  result.then(
    () => waiting.admitted(),
    (error: unknown) => waiting.failed(DuplexError.from(error)),
  );
  return waiting;
}

/** The stream of replies that a promise brings. */
function later(method: MethodInfo, result: PromiseLike<unknown>, unheard: Unheard): MessageStream<unknown> {
  const stream = Promise.resolve(result).then((made) => {
    if (isObservable(made)) return Symbol.asyncIterator in made ? (made as MessageStream<unknown>) : iterable(made);
    throw misshapen(method, made);
  });
  // Nobody may ever subscribe.
  stream.catch(() => {});
  return new IterableObservable(
    (subscriber) => {
      const subscription = new Subscription();
      stream.then(
        (made) => subscription.closed || subscription.add(made.subscribe(subscriber)),
        (error: unknown) =>
          subscriber.error(asUnheard(DuplexError.from(error), (reason) => unheard.report(reason, method))),
      );
      return subscription;
    },
    () => iterate(stream),
  );
}

function iterable(source: Observable<unknown>): MessageStream<unknown> {
  return new IterableObservable(
    (subscriber) => source.subscribe(subscriber),
    () => eachOf(source),
  );
}

async function* iterate(stream: Promise<AsyncIterable<unknown>>): AsyncGenerator<unknown, undefined> {
  yield* await stream;
  return undefined;
}

function overtaken({ localName }: MethodInfo): DuplexError {
  const message = `an interceptor held ${localName} back: one-way calls keep their order, so call next before any await`;
  return new DuplexError('fault', message, { code: Code.INVALID_ARGUMENT });
}

function misshapen(method: MethodInfo, result: unknown): DuplexError {
  const shape = method.shape === 'one-way' ? 'a Sent' : streamsReplies(method) ? 'an observable' : 'a promise';
  const message = `an interceptor returned ${result === null ? 'null' : typeof result} for ${method.localName}: return what next returns, or ${shape} of your own`;
  return new DuplexError('fault', message, { code: Code.INVALID_ARGUMENT });
}
