import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IncomingCall } from '../../../../src/calls/incoming/call.js';
import { Turns } from '../../../../src/calls/incoming/turns.js';

const callOf = (id: number): IncomingCall<undefined> =>
  new IncomingCall(undefined, 'run', { callId: id, timeoutMs: 0, byteLength: 0 }, 0);

describe('turns', () => {
  it('are one at a time in single and reentrant, and as many as the limit in multiple', () => {
    for (const [mode, limit] of [
      ['single', 1],
      ['reentrant', 1],
      ['multiple', 3],
    ] as const) {
      const turns = new Turns(mode, 3);
      let taken = 0;
      for (; turns.isFree && taken < 10; taken++) turns.take(callOf(taken));
      expect(taken).toBe(limit);
    }
  });

  it('are given up by a reentrant call while it awaits an answer, and by no other', () => {
    for (const mode of ['single', 'reentrant', 'multiple'] as const) {
      const turns = new Turns(mode, 1);
      const call = callOf(1);
      turns.take(call);
      expect(turns.park(call)).toBe(mode === 'reentrant');
    }
  });

  it('go first to a parked call whose answer is there, as soon as one is free', () => {
    const turns = new Turns('reentrant', 10);
    const [first, second] = [callOf(1), callOf(2)];
    const log: string[] = [];
    turns.take(first);
    turns.park(first);
    turns.take(second);
    turns.unpark(first, () => log.push('first goes on'));
    expect(turns.goOn()).toBe(false);
    turns.leave(second);
    expect([turns.goOn(), turns.isFree, log]).toEqual([true, false, ['first goes on']]);
  });

  it('are taken again for the last of several answers; the others are handed over at once', () => {
    const turns = new Turns('reentrant', 10);
    const call = callOf(1);
    const log: string[] = [];
    turns.take(call);
    expect([turns.park(call), turns.park(call)]).toEqual([true, false]);
    turns.unpark(call, () => log.push('one'));
    expect(log).toEqual(['one']);
    turns.unpark(call, () => log.push('two'));
    expect(log).toEqual(['one']);
    turns.goOn();
    expect(log).toEqual(['one', 'two']);
  });

  it('are waited for by nobody when the session is over', () => {
    const turns = new Turns('reentrant', 10);
    const log: string[] = [];
    for (const id of [1, 2]) {
      const call = callOf(id);
      turns.take(call);
      turns.park(call);
      turns.unpark(call, () => log.push(`${id}`));
    }
    turns.release();
    expect(log).toEqual(['1', '2']);
    expect(turns.goOn()).toBe(false);
  });

  it('of reentrant calls are never two at once, and no answer is lost, whatever they do', () => {
    const steps = fc.array(fc.record({ what: fc.constantFrom('begin', 'park', 'answer', 'end'), which: fc.nat() }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, (script) => {
        const turns = new Turns('reentrant', 8);
        const running = new Map<IncomingCall<undefined>, { awaits: number; handedOver: number }>();
        let [asked, handedOver, next] = [0, 0, 0];
        const active = () => [...running.values()].filter(({ awaits }) => awaits === 0).length;
        for (const { what, which } of script) {
          const calls = [...running.keys()];
          const call = calls[which % Math.max(1, calls.length)];
          const state = call && running.get(call);
          if (what === 'begin' && turns.isFree) {
            const begun = callOf(++next);
            turns.take(begun);
            running.set(begun, { awaits: 0, handedOver: 0 });
          } else if (call === undefined || state === undefined) continue;
          else if (what === 'park' && state.awaits === 0) {
            turns.park(call);
            state.awaits = 1;
            asked += 1;
          } else if (what === 'answer' && state.awaits === 1 && state.handedOver === 0) {
            state.handedOver = 1;
            turns.unpark(call, () => {
              handedOver += 1;
              state.awaits = 0;
              state.handedOver = 0;
            });
          } else if (what === 'end' && state.awaits === 0) {
            turns.leave(call);
            running.delete(call);
          }
          turns.goOn();
          expect(active()).toBeLessThanOrEqual(1);
        }
        const unanswered = [...running.values()].filter(({ awaits, handedOver: sent }) => awaits === 1 && sent === 0);
        turns.release();
        expect(handedOver).toBe(asked - unanswered.length);
      }),
    );
  });
});
