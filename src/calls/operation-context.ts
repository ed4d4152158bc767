import { AsyncLocalStorage } from 'node:async_hooks';
import type { AnyContract, MethodInfo } from '../contract/contract.js';
import type { Call, IncomingCall } from './incoming/call.js';

/** One for the process: code that asks for its context knows neither host nor session. */
const storage = new AsyncLocalStorage<IncomingCall<unknown>>();

/** The call that the running code serves, for code that its handler does not hand it to. */
export const OperationContext = Object.freeze({
  /**
   * The call whose handler runs, also after an `await` in it; undefined
   * outside, and where `operationContext` is off. `Session` is what the caller
   * knows the session to be, e.g. `Calculator.Session`.
   */
  current<Session = unknown>(): Call<Session> | undefined {
    return storage.getStore() as Call<Session> | undefined;
  },
});

/** Whether handlers run in their operation context; see `operationContext` of the options. */
export type OperationContextMode = boolean | 'auto';

/**
 * `auto` is on where both sides await answers of each other: only there can a
 * call wait for itself, and only the context tells which call another serves.
 */
export function keepsContext(mode: OperationContextMode, { operations, callbacks }: AnyContract): boolean {
  const isAnswered = ({ shape }: MethodInfo): boolean => shape !== 'one-way';
  return mode === 'auto' ? operations.some(isAnswered) && callbacks.some(isAnswered) : mode;
}

/** What runs handlers. */
interface Runner<Session> {
  handle(method: MethodInfo, request: unknown, call: IncomingCall<Session>): unknown;
}

/** Has a handler run in the context of its call. */
export function runInContext<Session>(
  runner: Runner<Session>,
  method: MethodInfo,
  request: unknown,
  call: IncomingCall<Session>,
): unknown {
  return storage.run(call, handleBy<Session>, runner, method, request, call);
}

function handleBy<Session>(
  runner: Runner<Session>,
  method: MethodInfo,
  request: unknown,
  call: IncomingCall<Session>,
): unknown {
  return runner.handle(method, request, call);
}

/** The call that the running code serves. */
export function currentCall(): IncomingCall<unknown> | undefined {
  return storage.getStore();
}
