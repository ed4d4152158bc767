import { DuplexError } from '../errors.js';

/**
 * The life of a session, the same for both roles:
 *
 *                attach             welcome                cut
 *     created ──────────▶ opening ───────────▶ open ◀───────────────▶ resuming
 *        ▲                 │    │                │       welcome        │   ▲
 *        └──────cut────────┘    │                │                      └───┘
 *                               └───── end ──────┴───── end ──▶ closed  attach
 *
 * `cut` is a carrier that broke, `end` everything after which the session is
 * over. Closing in order happens while it is open or resuming; see closing.ts.
 */
export type StateName = 'created' | 'opening' | 'open' | 'resuming' | 'closed';

/** What moves a session from one state to another. */
export type StateInput = 'attach' | 'welcome' | 'cut' | 'end';

const transitions: Readonly<Record<StateName, Readonly<Partial<Record<StateInput, StateName>>>>> = {
  created: { attach: 'opening', end: 'closed' },
  opening: { welcome: 'open', cut: 'created', end: 'closed' },
  open: { cut: 'resuming', end: 'closed' },
  resuming: { attach: 'resuming', cut: 'resuming', welcome: 'open', end: 'closed' },
  closed: {},
};

/** The state after `input`. Throws a `protocol` error for a pair that the table does not have. */
export function transition(from: StateName, input: StateInput): StateName {
  const to = transitions[from][input];
  if (to === undefined) throw new DuplexError('protocol', `${input} is not possible while the session is ${from}`);
  return to;
}

/** The whole table as rows, for whoever reports which transitions were visited. */
export function allTransitions(): readonly (readonly [from: StateName, input: StateInput, to: StateName])[] {
  return Object.entries(transitions).flatMap(([from, row]) =>
    Object.entries(row).map(([input, to]) => [from as StateName, input as StateInput, to] as const),
  );
}
