import { Code, Fault } from '../../errors.js';

/** How many calls of one session a side takes on. */
export interface CallLimits {
  /** How many run at a time where the concurrency is `multiple`; further ones wait. */
  readonly running: number;
  /** How many may wait for their turn; a call with an answer that finds so many is refused. */
  readonly waiting: number;
  /** How many reply streams may be open; further ones are refused. */
  readonly streams: number;
  /** The fault for a call that is refused. */
  readonly refuse: (limit: 'waiting' | 'streams') => Fault;
}

/** The limits unless somebody sets others: as many wait as the window takes. */
export const defaultCallLimits: Omit<CallLimits, 'refuse'> = Object.freeze({
  running: 256,
  waiting: 16_384,
  streams: 1_024,
});

/** What a client, which has no settings for these, tells a service that calls too much. */
export const clientCallLimits: CallLimits = Object.freeze({
  ...defaultCallLimits,
  refuse: (limit: 'waiting' | 'streams') => {
    const what = limit === 'waiting' ? 'callbacks wait here' : 'reply streams are open here';
    return new Fault(Code.RESOURCE_EXHAUSTED, `${defaultCallLimits[limit]} ${what}`, [], { executed: 'no' });
  },
});
