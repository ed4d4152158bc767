import { Code, Fault } from '../../errors.js';
import type { IncomingCall } from './call.js';

/** The nearest call in the chain that led to `call` for which `test` holds. */
export function findServed(
  call: IncomingCall<unknown>,
  test: (served: IncomingCall<unknown>) => boolean,
): IncomingCall<unknown> | undefined {
  let served = call.parent?.parent;
  while (served !== undefined && !test(served)) served = served.parent?.parent;
  return served;
}

/** FAILED_PRECONDITION for a call that would wait for `blocking`, which waits for it. Names the whole chain. */
export function cycleFault(call: IncomingCall<unknown>, blocking: IncomingCall<unknown>): Fault {
  return new Fault(
    Code.FAILED_PRECONDITION,
    `deadlock: ${chainOf(call).join(' → ')}: ${call.method} has to wait for ${blocking.method}, which waits for it, ` +
      "because one call runs at a time; choose concurrency 'reentrant' (or 'multiple') where the service is added",
    [],
    { executed: 'no' },
  );
}

/** Names of the calls that led to this one, the first one first. */
function chainOf(call: IncomingCall<unknown>): readonly string[] {
  const names: string[] = [];
  for (let next: IncomingCall<unknown> | undefined = call; next !== undefined; next = next.parent?.parent) {
    names.unshift(next.method);
    if (next.parent !== undefined) names.unshift(next.parent.method.localName);
  }
  return names;
}
