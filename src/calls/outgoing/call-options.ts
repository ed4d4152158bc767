import type { MethodInfo } from '../../contract/contract.js';
import type { CallHeadersInit } from '../context.js';
import type { Call } from '../incoming/call.js';
import { badOption } from '../resolve-options.js';

/** What a caller may say about a one-way call. */
export interface OneWayOptions {
  /** What the handler finds in `call.headers`: up to 64 headers, 8 KiB in all. */
  readonly headers?: CallHeadersInit;
}

/** What a caller may say about one call. */
export interface CallOptions extends OneWayOptions {
  /** Aborting it cancels the call here and at the peer. */
  readonly signal?: AbortSignal;
  /**
   * How long to wait for the reply, in milliseconds; default 60 s, Infinity for
   * no limit. A call that serves another never waits longer than that one's caller does.
   */
  readonly timeoutMs?: number;
  /**
   * The incoming call that this one serves. Only needed where `operationContext`
   * is off: elsewhere the session knows. It lets the call pass a full window,
   * and lets the other side find calls that wait for themselves.
   */
  readonly parent?: Call;
}

/** How long a call waits for its reply unless it says otherwise. */
export const DEFAULT_CALL_TIMEOUT_MS = 60_000;

/** Throws INVALID_ARGUMENT for a time that is none. */
export function checkTimeout({ localName }: MethodInfo, { timeoutMs }: CallOptions): void {
  if (timeoutMs === undefined || (typeof timeoutMs === 'number' && timeoutMs > 0)) return;
  throw badOption(`timeoutMs of ${localName}`, timeoutMs, 'milliseconds, more than 0, or Infinity for no limit');
}
