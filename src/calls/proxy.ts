import type { MethodInfo } from '../contract/contract.js';
import type { MethodProxy } from './method-types.js';

/** Calls one method of the peer, whatever its shape. */
export type Invoker = (method: MethodInfo, request: unknown, options: unknown) => unknown;

/** A proxy whose members call the peer through `invoke`; they need no `this`. */
export function createProxy<Methods>(methods: readonly MethodInfo[], invoke: Invoker): MethodProxy<Methods> {
  const members = methods.map((method) => [
    method.localName,
    (request: unknown, options: unknown) => invoke(method, request, options),
  ]);
  return Object.freeze(Object.fromEntries(members)) as MethodProxy<Methods>;
}
