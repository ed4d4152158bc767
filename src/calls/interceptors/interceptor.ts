import type { MethodInfo } from '../../contract/contract.js';
import type { Call } from '../incoming/call.js';
import type { CallOptions } from '../outgoing/call-options.js';

/** A call that came in, on its way to its handler. */
export interface IncomingInvocation {
  readonly method: MethodInfo;
  /** The request; an observable of requests where they are a stream. */
  readonly request: unknown;
  readonly call: Call;
}

/** A call on its way to the peer. */
export interface OutgoingInvocation {
  readonly method: MethodInfo;
  /** The request as the caller gave it; an observable or iterable where requests are a stream. */
  readonly request: unknown;
  readonly options: CallOptions;
}

/** Whose message it is. */
export interface MessagePlace {
  readonly method: MethodInfo;
  readonly part: 'request' | 'reply';
  /** `in`: it was read; `out`: it is about to be written. */
  readonly direction: 'in' | 'out';
}

/**
 * Stands around calls, the same at a host and at a client: what comes in are
 * operations at a host and callbacks at a client. The first interceptor of a
 * list is the outermost.
 */
export interface Interceptor {
  /**
   * Runs in place of the handler, which `next` runs, with this request or
   * another. Returns what the handler returns, or something else for it: a
   * value, a promise, or an observable of replies. What it throws fails the call.
   */
  incoming?(invocation: IncomingInvocation, next: (request: unknown) => unknown): unknown;
  /**
   * Runs in place of the call, which `next` makes. Returns what `next` returns,
   * or something else for it: a `Sent`, a promise or an observable, as the
   * method's shape asks for, or a promise of it. For a one-way call `next` is
   * called before anything is awaited.
   */
  outgoing?(invocation: OutgoingInvocation, next: (request: unknown, options: CallOptions) => unknown): unknown;
  /**
   * Sees every message of a call, the items of streams included, as a whole
   * message. Returns it, or another one for it. A Fault that it throws at what
   * comes in is the caller's answer, or the call's failure.
   */
  message?(message: unknown, place: MessagePlace): unknown;
}
