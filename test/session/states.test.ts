import { describe, expect, it } from 'vitest';
import { DuplexError } from '../../src/errors.js';
import { orderlyEnd } from '../../src/session/session-end.js';
import { allTransitions, type StateInput, type StateName, transition } from '../../src/session/states.js';
import { SessionPair } from '../support/session-pair.js';
import { thrownBy } from '../support/thrown-by.js';

const states: readonly StateName[] = ['created', 'opening', 'open', 'resuming', 'closed'];
const inputs: readonly StateInput[] = ['attach', 'welcome', 'cut', 'end'];
const legal = allTransitions();
const illegal = states.flatMap((from) =>
  inputs.filter((input) => !legal.some(([f, i]) => f === from && i === input)).map((input) => [from, input] as const),
);

describe('the states of a session', () => {
  it.each(legal)('%s goes by %s to %s', (from, input, to) => {
    expect(transition(from, input)).toBe(to);
  });

  it.each(illegal)('%s has no way out by %s', (from, input) => {
    const error = thrownBy(() => transition(from, input));
    expect(error).toBeInstanceOf(DuplexError);
    expect(error).toMatchObject({ kind: 'protocol' });
  });

  it('are all reached, and every way between them is gone by sessions', () => {
    const visited = new Set<string>();
    const onMove = (from: StateName, input: StateInput, to: StateName): void =>
      void visited.add(`${from} ${input} ${to}`);
    const newPair = (): SessionPair =>
      new SessionPair({
        client: { onMove, retryOpen: true },
        service: { onMove },
        clientTerms: { ttlMs: 60_000 },
        serviceTerms: { ttlMs: 60_000 },
      });
    const gone = newPair();
    gone.client.session.abort(orderlyEnd('local', 'never began'));
    const refused = newPair();
    refused.connect();
    refused.cut();
    refused.connect();
    refused.client.session.abort(orderlyEnd('local', 'enough'));
    const pair = newPair();
    pair.connect();
    pair.settle();
    pair.cut();
    pair.connect();
    pair.cut();
    pair.connect();
    pair.settle();
    expect(pair.client.session.state).toBe('open');
    pair.client.session.close(pair.now, 'done');
    pair.settle();
    const late = newPair();
    late.connect();
    late.settle();
    late.cut();
    late.advance(60_000);
    expect(late.sides.map(({ session }) => session.state)).toEqual(['closed', 'closed']);
    expect([...visited].sort()).toEqual(legal.map((row) => row.join(' ')).sort());
  });
});
