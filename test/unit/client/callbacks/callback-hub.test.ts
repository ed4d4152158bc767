import { describe, expect, it } from 'vitest';
import { CallbackHub, type NamedCallback } from '../../../../src/client/callbacks/callback-hub.js';
import type { MethodInfo } from '../../../../src/contract/contract.js';
import { Code, type DuplexError } from '../../../../src/errors.js';
import { callbackCall, callbacks, told, warned } from '../../../support/two-callbacks.js';

/** A hub with an observable for each callback, and what it reports. */
function hub() {
  const overflows: DuplexError[] = [];
  const made = new CallbackHub(callbacks, (error) => overflows.push(error));
  const call = callbackCall();
  return {
    hub: made,
    overflows,
    told$: made.observe(told, () => {}),
    warned$: made.observe(warned, () => {}),
    all$: made.observeAll(() => {}),
    next: (method: MethodInfo, ...ids: readonly unknown[]) => {
      for (const id of ids) void made.next(method, id, call);
    },
  };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('callbacks that nobody claimed yet', () => {
  it('are held, in order, until the first subscriber comes', () => {
    const { told$, next } = hub();
    next(told, 1, 2);
    const seen: unknown[] = [];
    told$.subscribe((value) => seen.push(value));
    next(told, 3);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('are held in the order of all of them for who wants all', () => {
    const { all$, next } = hub();
    next(told, 1);
    next(warned, 2);
    next(told, 3);
    const seen: NamedCallback[] = [];
    all$.subscribe((event) => seen.push(event));
    next(warned, 4);
    expect(seen.map(({ name, request }) => `${name} ${request}`)).toEqual(['tell 1', 'warn 2', 'tell 3', 'warn 4']);
  });

  it('of each kind are held 256; then the oldest goes, and that is reported once', () => {
    const {
      hub: { dropped },
      told$,
      next,
      overflows,
      hub: made,
    } = hub();
    expect(dropped).toBe(0);
    next(told, ...upTo(256));
    expect(overflows).toEqual([]);
    next(told, 256, 257, 258);
    expect(overflows).toHaveLength(1);
    expect(overflows[0]).toMatchObject({ kind: 'fault', code: Code.RESOURCE_EXHAUSTED });
    expect(overflows[0]?.message).toContain('tell$');
    expect(made.dropped).toBe(3);
    const seen: unknown[] = [];
    told$.subscribe((value) => seen.push(value));
    expect(seen).toEqual(upTo(259).slice(3));
  });

  it('of one kind do not push out those of another', () => {
    const { warned$, next } = hub();
    next(warned, 1);
    next(told, ...upTo(1_000));
    const seen: unknown[] = [];
    warned$.subscribe((value) => seen.push(value));
    expect(seen).toEqual([1]);
  });

  it('are still there after the session has ended', () => {
    const { hub: made, told$, next } = hub();
    next(told, 1);
    made.complete();
    const seen: unknown[] = [];
    told$.subscribe({ next: (value) => seen.push(value), complete: () => seen.push('complete') });
    expect(seen).toEqual([1, 'complete']);
  });
});

describe('callbacks that somebody claimed', () => {
  it('are hot: who comes later sees what comes later', () => {
    const { told$, next } = hub();
    const [first, second]: [unknown[], unknown[]] = [[], []];
    told$.subscribe((value) => first.push(value));
    next(told, 1);
    told$.subscribe((value) => second.push(value));
    next(told, 2);
    expect([first, second]).toEqual([[1, 2], [2]]);
  });

  it('are not held again when the subscriber leaves', () => {
    const { told$, next } = hub();
    told$.subscribe().unsubscribe();
    next(told, ...upTo(1_000));
    const seen: unknown[] = [];
    told$.subscribe((value) => seen.push(value));
    expect(seen).toEqual([]);
  });

  it('complete with the session, for all and each', () => {
    const { hub: made, told$, all$ } = hub();
    const completed: string[] = [];
    told$.subscribe({ complete: () => completed.push('told$') });
    all$.subscribe({ complete: () => completed.push('callback$') });
    made.complete();
    expect(completed.sort()).toEqual(['callback$', 'told$']);
  });

  it('reach the other subscribers when one of them leaves in the middle', () => {
    const { told$, next } = hub();
    const seen: unknown[] = [];
    const leaving = told$.subscribe(() => leaving.unsubscribe());
    told$.subscribe((value) => seen.push(value));
    next(told, 1, 2);
    expect(seen).toEqual([1, 2]);
  });

  it('reach every subscriber before the end that one of them causes', () => {
    const { hub: made, told$, all$, next } = hub();
    told$.subscribe(() => made.complete());
    const [seen, all]: [unknown[], unknown[]] = [[], []];
    told$.subscribe({ next: (value) => seen.push(value), complete: () => seen.push('complete') });
    all$.subscribe({ next: ({ request }) => all.push(request), complete: () => all.push('complete') });
    next(told, 1);
    expect([seen, all]).toEqual([
      [1, 'complete'],
      [1, 'complete'],
    ]);
  });
});
