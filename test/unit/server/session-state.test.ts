import { describe, expect, it } from 'vitest';
import { Code } from '../../../src/errors.js';
import { Terms } from '../../../src/gen/duplex/v1/session.js';
import { type SessionState, sessionState } from '../../../src/server/session-state.js';
import { thrownBy } from '../../support/thrown-by.js';

function stateOf(initial?: Partial<Terms>): { state: SessionState<Terms>; published: Terms[] } {
  const published: Terms[] = [];
  return { state: sessionState<Terms>(Terms, initial, (value) => published.push(value)), published };
}

describe('the state of a session', () => {
  it('starts as it was given, with defaults for the rest, and publishes nothing yet', () => {
    const { state, published } = stateOf({ calls: 3 });
    expect(state.value).toEqual({ ...Terms.fromPartial({}), calls: 3 });
    expect(published).toEqual([]);
  });

  it('starts with defaults alone where nothing was given', () => {
    expect(stateOf().state.value).toEqual(Terms.fromPartial({}));
  });

  it('is replaced by `set`: what is left out has its default again', () => {
    const { state, published } = stateOf({ calls: 3, ttlMs: 9 });
    expect(state.set({ ttlMs: 5 })).toEqual(Terms.fromPartial({ ttlMs: 5 }));
    expect(published).toEqual([Terms.fromPartial({ ttlMs: 5 })]);
  });

  it('keeps what `update` does not return', () => {
    const { state, published } = stateOf({ calls: 3, ttlMs: 9 });
    expect(state.update(({ calls }) => ({ calls: calls + 1 }))).toMatchObject({ calls: 4, ttlMs: 9 });
    expect(published).toEqual([state.value]);
  });

  it('is another object after each change, so that what was seen before stays as it was', () => {
    const { state } = stateOf({ calls: 1 });
    const before = state.value;
    state.update(() => ({ calls: 2 }));
    expect(before.calls).toBe(1);
  });

  it('stays as it was when a change cannot be published', () => {
    const state = sessionState<Terms>(Terms, { calls: 1 }, () => {
      throw new Error('too large');
    });
    thrownBy(() => state.set({ calls: 2 }));
    expect(state.value.calls).toBe(1);
  });

  it('does not exist where the contract declares none, and says so', () => {
    const none = sessionState(undefined, undefined, () => {});
    for (const use of [() => none.value, () => none.set({} as never), () => none.update(() => ({}) as never)]) {
      expect(thrownBy(use)).toMatchObject({ code: Code.FAILED_PRECONDITION });
    }
  });
});
