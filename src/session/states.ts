import { DuplexError } from '../errors.js';

/**
 * The life of a session, the same for both roles:
 *
 *                 attach             welcome            close, goodbye          both done
 *     created ──────────▶ opening ───────────▶ open ─────────────────▶ closing ───────────▶ closed
 *        │                   │                   │                        │                   ▲
 *        └───────────────────┴───────────────────┴────────── end ─────────┴───────────────────┘
 *
 * `end` is everything that ends a session out of order: a lost carrier, a
 * refusal, a violation, a time-out, an abort.
 */
export type StateName = 'created' | 'opening' | 'open' | 'closing' | 'closed';

/** What moves a session from one state to another. */
export type StateInput = 'attach' | 'welcome' | 'close' | 'end';

const transitions: Readonly<Record<StateName, Readonly<Partial<Record<StateInput, StateName>>>>> = {
  created: { attach: 'opening', end: 'closed' },
  opening: { welcome: 'open', end: 'closed' },
  open: { close: 'closing', end: 'closed' },
  closing: { end: 'closed' },
  closed: {},
};

/** The state after `input`. Throws a `protocol` error for a pair that the table does not have. */
export function transition(from: StateName, input: StateInput): StateName {
  const to = transitions[from][input];
  if (to === undefined) throw new DuplexError('protocol', `${input} is not possible while the session is ${from}`);
  return to;
}

/** The whole table as pairs, for whoever reports which transitions were visited. */
export function allTransitions(): readonly (readonly [from: StateName, input: StateInput, to: StateName])[] {
  return Object.entries(transitions).flatMap(([from, row]) =>
    Object.entries(row).map(([input, to]) => [from as StateName, input as StateInput, to] as const),
  );
}
