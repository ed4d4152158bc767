import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IncomingCall } from '../../../../src/calls/incoming/call.js';
import { clientCallLimits } from '../../../../src/calls/incoming/call-limits.js';
import { Dispatcher } from '../../../../src/calls/incoming/dispatcher.js';
import type { MethodInfo } from '../../../../src/contract/contract.js';
import { defineContract } from '../../../../src/contract/define-contract.js';
import { Ping } from '../../../../src/gen/duplex/v1/session.js';
import { settle } from '../../../support/virtual-clock.js';

const [method] = defineContract({
  name: 'a.AService',
  wireName: 'a.ADuplexService',
  operations: { run: { name: 'Run', number: 100, shape: 'request-reply', request: Ping, reply: Ping } },
}).operations as [MethodInfo];

/** A dispatcher whose handlers do what the request says, and a log of what happens. */
function dispatching(concurrency: number, paused = false) {
  const log: string[] = [];
  const ends = new Map<number, () => void>();
  const calls = new Map<number, IncomingCall<undefined>>();
  const dispatcher: Dispatcher<undefined> = new Dispatcher(
    'multiple',
    { ...clientCallLimits, running: concurrency },
    paused,
    {
      invoke: (_, request, call) => {
        log.push(`run ${call.id}`);
        if (request === 'sync') return 'done';
        if (request === 'throw') throw new Error('no');
        return new Promise<void>((resolve, reject) => {
          ends.set(call.id, request === 'reject' ? () => reject(new Error('no')) : resolve);
        });
      },
      returned: (_, call) => log.push(`returned ${call.id}`),
      threw: (_, call) => log.push(`threw ${call.id}`),
      mayBegin: () => true,
      begun: () => log.push('begun'),
      idle: () => log.push('idle'),
    },
  );
  const dispatch = (id: number, request: string): boolean => {
    const call = new IncomingCall(undefined, 'run', { callId: id, timeoutMs: 0, byteLength: 0 }, 0);
    calls.set(id, call);
    return dispatcher.dispatch(method, request, call);
  };
  const end = async (id: number): Promise<void> => {
    ends.get(id)?.();
    await settle();
  };
  return { dispatcher, log, dispatch, end, calls };
}

describe('operations of one session', () => {
  it('run one after another where one may run at a time', async () => {
    const { dispatch, end, log } = dispatching(1);
    expect([dispatch(1, 'async'), dispatch(2, 'async'), dispatch(3, 'sync')]).toEqual([true, false, false]);
    expect(log).toEqual(['run 1']);
    await end(1);
    expect(log).toEqual(['run 1', 'returned 1', 'begun', 'run 2']);
    await end(2);
    expect(log.slice(4)).toEqual(['returned 2', 'begun', 'run 3', 'returned 3', 'idle']);
  });

  it('run side by side up to the limit', async () => {
    const { dispatch, end, log } = dispatching(2);
    expect([1, 2, 3].map((id) => dispatch(id, 'async'))).toEqual([true, true, false]);
    await end(2);
    expect(log).toEqual(['run 1', 'run 2', 'returned 2', 'begun', 'run 3']);
  });

  it('go on after one that threw, at once or later', async () => {
    const { dispatch, end, log } = dispatching(1);
    dispatch(1, 'throw');
    dispatch(2, 'reject');
    dispatch(3, 'sync');
    await end(2);
    expect(log).toEqual(['run 1', 'threw 1', 'run 2', 'threw 2', 'begun', 'run 3', 'returned 3', 'idle']);
  });

  it('wait until the service is there', () => {
    const { dispatcher, dispatch, log } = dispatching(1, true);
    expect(dispatch(1, 'sync')).toBe(false);
    expect(dispatcher.isIdle).toBe(false);
    dispatcher.resume();
    expect(log).toEqual(['begun', 'run 1', 'returned 1']);
    expect(dispatcher.isIdle).toBe(true);
  });

  it('begin in the order of their arrival, each once, whatever they do', async () => {
    const kinds = fc.array(fc.constantFrom('sync', 'async', 'throw', 'reject'), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(
        kinds,
        fc.integer({ min: 1, max: 4 }),
        fc.infiniteStream(fc.nat()),
        async (all, limit, which) => {
          const { dispatcher, dispatch, end, log } = dispatching(limit);
          let open: number[] = [];
          for (const [index, kind] of all.entries()) dispatch(index + 1, kind);
          while (!dispatcher.isIdle) {
            const ended = new Set(
              log.filter((line) => /^(returned|threw)/.test(line)).map((line) => line.split(' ')[1]),
            );
            open = log.filter((line) => line.startsWith('run')).map((line) => Number(line.slice(4)));
            open = open.filter((id) => !ended.has(String(id)));
            expect(open.length).toBeGreaterThan(0);
            expect(open.length).toBeLessThanOrEqual(limit);
            await end(open[(which.next().value ?? 0) % open.length] ?? 0);
          }
          const begun = log.filter((line) => line.startsWith('run'));
          expect(begun).toEqual(all.map((_, index) => `run ${index + 1}`));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are held ten thousand at a time without trouble', async () => {
    const { dispatch, end, log } = dispatching(1);
    dispatch(1, 'async');
    for (let id = 2; id <= 10_001; id++) dispatch(id, 'sync');
    await end(1);
    expect(log.filter((line) => line.startsWith('run'))).toEqual(
      Array.from({ length: 10_001 }, (_, i) => `run ${i + 1}`),
    );
  });
});

describe('an operation that is cancelled', () => {
  it('sees it in its signal while it runs', () => {
    const { dispatcher, dispatch, calls } = dispatching(1);
    dispatch(1, 'async');
    dispatcher.cancel(1, 'enough');
    expect(calls.get(1)?.signal).toMatchObject({ aborted: true, reason: 'enough' });
  });

  it('never begins if it waited', async () => {
    const { dispatcher, dispatch, end, log } = dispatching(1);
    dispatch(1, 'async');
    dispatch(2, 'sync');
    dispatch(3, 'sync');
    dispatcher.cancel(2, 'enough');
    await end(1);
    expect(log).toEqual(['run 1', 'returned 1', 'begun', 'begun', 'run 3', 'returned 3', 'idle']);
  });

  it('is no other than the one that was meant', () => {
    const { dispatcher, dispatch, calls } = dispatching(2);
    dispatch(1, 'async');
    dispatch(2, 'async');
    dispatcher.cancel(2, 'enough');
    expect(calls.get(1)?.signal.aborted).toBe(false);
  });

  it('and all others see it when the session ends; what waited never begins', async () => {
    const { dispatcher, dispatch, end, log, calls } = dispatching(1);
    dispatch(1, 'async');
    dispatch(2, 'sync');
    dispatcher.abortAll('over');
    expect(calls.get(1)?.signal.reason).toBe('over');
    await end(1);
    expect(log).not.toContain('run 2');
  });
});
