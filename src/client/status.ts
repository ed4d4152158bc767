import { DuplexError } from '../errors.js';

/**
 * Where a client stands:
 *
 *                               ┌──▶ resuming ──┐
 *     created ──▶ opening ──▶ opened ◀────────────┤
 *        │           │           └──▶ closing ◀───┘
 *        └───────────┴───────────┴────────┴──────▶ closed, faulted
 *
 * `resuming` is without a connection: the session goes on as soon as there is
 * one, or, with `onLost: 'renew'`, another session; that is also for a service
 * that goes away, from its announcement on. `closed` is an end in
 * order, by either side or by `abort`; `faulted` is any other, and `closed`
 * tells which. What each change means is in docs/client.md.
 */
export type Status = 'created' | 'opening' | 'opened' | 'resuming' | 'closing' | 'closed' | 'faulted';

const successors: Readonly<Record<Status, readonly Status[]>> = {
  created: ['opening', 'closed'],
  opening: ['opened', 'closed', 'faulted'],
  opened: ['resuming', 'closing', 'closed', 'faulted'],
  resuming: ['opened', 'closing', 'closed', 'faulted'],
  closing: ['closed', 'faulted'],
  closed: [],
  faulted: [],
};

/** Whether a status is final. */
export function isFinal(status: Status): boolean {
  return successors[status].length === 0;
}

/** Returns `to`, or throws if a session cannot go there from `from`. */
export function nextStatus(from: Status, to: Status): Status {
  if (!successors[from].includes(to)) throw new DuplexError('protocol', `a session cannot go from ${from} to ${to}`);
  return to;
}
