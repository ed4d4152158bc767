import { IncomingCall } from '../../src/calls/incoming/call.js';
import type { MethodInfo } from '../../src/contract/contract.js';
import { defineContract } from '../../src/contract/define-contract.js';
import { Ping } from '../../src/gen/duplex/v1/session.js';

const tell = { name: 'Tell', number: 100, shape: 'one-way', request: Ping } as const;

/** What a service may tell: a contract of two one-way callbacks. */
export const { callbacks } = defineContract({
  name: 'a.AService',
  wireName: 'a.ADuplexService',
  operations: {},
  callbacks: { tell, warn: { ...tell, name: 'Warn', number: 101 } },
});
/** The one of them, and the other. */
export const [told, warned] = callbacks as [MethodInfo, MethodInfo];

/** A call by which one of them comes. */
export function callbackCall(): IncomingCall<undefined> {
  return new IncomingCall(undefined, 'tell', { callId: 0, timeoutMs: 0, byteLength: 0 }, 0);
}
