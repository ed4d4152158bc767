import type { MethodInfo } from '../../contract/contract.js';
import type { MessageCodec } from '../../contract/message-codec.js';
import { Code, DuplexError } from '../../errors.js';
import { isPromiseLike } from '../../observability/hook.js';
import type { IncomingCall } from '../incoming/call.js';
import type { CallOptions } from '../outgoing/call-options.js';
import type { Interceptor, MessagePlace } from './interceptor.js';
import { Outcome } from './outcome.js';

/** Runs the handler of a call. */
export type Handle<Session> = (method: MethodInfo, request: unknown, call: IncomingCall<Session>) => unknown;

/** Makes a call. */
export type Make = (method: MethodInfo, request: unknown, options: CallOptions) => unknown;

/** A handler inside the interceptors; the handler itself if none of them looks at what comes in. */
export function aroundHandler<Session>(interceptors: readonly Interceptor[], handle: Handle<Session>): Handle<Session> {
  return interceptors.reduceRight<Handle<Session>>((next, interceptor) => {
    if (interceptor.incoming === undefined) return next;
    return (method, request, call) => {
      let handled: unknown = nothing;
      const result = interceptor.incoming?.({ method, request, call }, (changed) => {
        handled = next(method, changed, call);
        // An interceptor may leave it alone, and then its failure must not end the process.
        if (handled instanceof Promise) handled = Outcome.of(handled);
        return handled;
      });
      if (method.shape === 'one-way') return endOfOneWay(result, handled);
      if (result !== undefined && !isPromiseLike(result)) return result;
      if (result === undefined) return unforgotten(method, handled);
      return Promise.resolve(result).then((reply) => (reply === undefined ? unforgotten(method, handled) : reply));
    };
  }, handle);
}

/** What stands for the result of a handler that was not run. */
const nothing = Symbol('nothing');

/** When, and how, a one-way call ends. Nobody gets a result, but order and errors hang on the handler, whatever an interceptor forgets. */
function endOfOneWay(result: unknown, handled: unknown): unknown {
  if (result === undefined || result === null) return handled === nothing ? undefined : handled;
  if (!isPromiseLike(result) || !(handled instanceof Outcome)) return result;
  // Who has awaited it knows of its failure, and may have dealt with it.
  return Promise.resolve(result).then((value) => (handled.isAsked ? value : handled));
}

/** An interceptor has returned nothing: that is right only where the handler did so, too. */
function unforgotten(method: MethodInfo, handled: unknown): unknown {
  if (isPromiseLike(handled)) return Promise.resolve(handled).then((reply) => unforgotten(method, reply));
  if (handled === undefined) return undefined;
  const what = handled === nothing ? 'did not call next' : 'its handler returned something';
  const message = `an interceptor's incoming returned nothing for ${method.localName}, and ${what}: write return next(request), or return what the caller is to get`;
  throw new DuplexError('fault', message, { code: Code.FAILED_PRECONDITION });
}

/** The same for calls that go out. */
export function aroundCall(interceptors: readonly Interceptor[], make: Make): Make {
  return interceptors.reduceRight<Make>((next, interceptor) => {
    if (interceptor.outgoing === undefined) return next;
    return (method, request, options) =>
      interceptor.outgoing?.({ method, request, options }, (changed, given) => next(method, changed, given));
  }, make);
}

/** Methods whose messages pass the interceptors; the same methods if none of them looks at messages. */
export function withMessages(
  interceptors: readonly Interceptor[],
  methods: readonly MethodInfo[],
): readonly MethodInfo[] {
  const looking = interceptors.filter(({ message }) => message !== undefined);
  if (looking.length === 0) return methods;
  return methods.map((method) => ({
    ...method,
    request: passing(looking, method, 'request', method.request),
    reply: method.reply && passing(looking, method, 'reply', method.reply),
  }));
}

function passedOn(message: unknown, { method, part }: MessagePlace): unknown {
  if (!isPromiseLike(message)) return message;
  Promise.resolve(message).catch(() => {});
  const text = `an interceptor's message returned a promise for the ${part} of ${method.localName}: return the message itself, or do it in incoming or outgoing`;
  throw new DuplexError('fault', text, { code: Code.INVALID_ARGUMENT });
}

function passing(
  interceptors: readonly Interceptor[],
  method: MethodInfo,
  part: MessagePlace['part'],
  codec: MessageCodec,
): MessageCodec {
  const pass = (message: unknown, direction: MessagePlace['direction']): unknown => {
    const place = { method, part, direction };
    // What comes in has passed the outermost last, like everything on its way out.
    const order = direction === 'out' ? interceptors : interceptors.toReversed();
    return order.reduce((passed, interceptor) => passedOn(interceptor.message?.(passed, place), place), message);
  };
  return {
    $type: codec.$type,
    encode: (message, writer) => codec.encode(pass(message, 'out'), writer),
    decode: (input, length) => pass(codec.decode(input, length), 'in'),
    fromPartial: (init) => codec.fromPartial(init),
  };
}
