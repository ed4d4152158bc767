import { describe, expect, it } from 'vitest';
import { isFinal, nextStatus, type Status } from '../../../src/client/status.js';
import { thrownBy } from '../../support/thrown-by.js';

const statuses: readonly Status[] = ['created', 'opening', 'opened', 'resuming', 'closing', 'closed', 'faulted'];
const legal: readonly `${Status} ${Status}`[] = [
  'created opening',
  'created closed',
  'opening opened',
  'opening closed',
  'opening faulted',
  'opened resuming',
  'opened closing',
  'opened closed',
  'opened faulted',
  'resuming opened',
  'resuming closing',
  'resuming closed',
  'resuming faulted',
  'closing closed',
  'closing faulted',
];
const pairs = statuses.flatMap((from) => statuses.map((to) => [from, to] as const));

describe('the status of a client', () => {
  it.each(pairs.filter(([from, to]) => (legal as readonly string[]).includes(`${from} ${to}`)))(
    'goes from %s to %s',
    (from, to) => {
      expect(nextStatus(from, to)).toBe(to);
    },
  );

  it.each(pairs.filter(([from, to]) => !(legal as readonly string[]).includes(`${from} ${to}`)))(
    'never goes from %s to %s',
    (from, to) => {
      expect(thrownBy(() => nextStatus(from, to))).toMatchObject({ kind: 'protocol' });
    },
  );

  it('is final when the session is over', () => {
    expect(statuses.filter(isFinal)).toEqual(['closed', 'faulted']);
  });
});
