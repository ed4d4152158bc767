import { Context } from '../gen/duplex/v1/session.js';

/** What accompanies a call that serves the peer's call `parentCall`. */
export function contextOf(parentCall: number): Context {
  return Context.fromPartial({ parentCall });
}
