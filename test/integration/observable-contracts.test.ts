import fc from 'fast-check';
import { testLink } from 'grpc-duplex/testing';
import { finalize, NEVER, type Subscription, startWith } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { partly } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { upTo } from '../support/proxied.js';

/** What a subscriber saw, and whether anything came after the end. */
class Seen {
  readonly values: number[] = [];
  ends = 0;
  afterEnd = 0;

  readonly observer = {
    next: (value: number) => {
      if (this.ends > 0) this.afterEnd += 1;
      this.values.push(value);
    },
    complete: () => {
      this.ends += 1;
    },
  };
}

const step = fc.oneof(
  fc.record({ do: fc.constant('send' as const), count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ do: fc.constantFrom('cut', 'restore', 'join', 'leave', 'settle', 'wait', 'set') }),
);

const openStream = fc.constantFrom('subscribe', 'unsubscribe', 'cut', 'restore', 'settle');

describe('observables of callbacks', () => {
  it('lose nothing, double nothing and end once, whatever happens to the connection', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        await using link = await testLink(Everything, () => partly({}));
        const { client } = link;
        const all = new Seen();
        client.callbacks.noted$.subscribe({ ...all.observer, next: ({ index }) => all.observer.next(index) });
        const states: bigint[] = [];
        client.state$.subscribe(({ counter }) => states.push(counter));
        await client.open();
        await link.settle();
        const [session] = link.service.sessions.values();
        const visitors: { seen: Seen; subscription: Subscription }[] = [];
        let sent = 0;
        let state = 0n;
        for (const { do: what, ...rest } of steps) {
          if (what === 'send') {
            const { count } = rest as { count: number };
            for (let i = 0; i < count; i++) session?.callback.noted({ index: sent++ });
          } else if (what === 'cut') link.cut();
          else if (what === 'restore') link.restore();
          else if (what === 'wait') await link.clock.advance(5_000);
          else if (what === 'set') session?.state.set({ counter: ++state });
          else if (what === 'join') {
            const seen = new Seen();
            const next = ({ index }: { index: number }): void => seen.observer.next(index);
            visitors.push({ seen, subscription: client.callbacks.noted$.subscribe({ ...seen.observer, next }) });
          } else if (what === 'leave') visitors.at(-1)?.subscription.unsubscribe();
          else await link.settle();
        }
        link.restore();
        await link.settle();
        await client.close();
        expect(all).toMatchObject({ values: upTo(sent), ends: 1, afterEnd: 0 });
        for (const { seen } of visitors) {
          const [first = 0] = seen.values;
          expect(seen.values).toEqual(seen.values.map((_, index) => first + index));
          expect(seen.afterEnd).toBe(0);
        }
        // Some of the states in between may be missing, never the last one, and none comes back.
        expect(states.at(-1)).toBe(state);
        expect(states).toEqual([...new Set(states)].sort((a, b) => Number(a - b)));
      }),
      { numRuns: 60 },
    );
  });
});

describe('observables of reply streams', () => {
  it('are cancelled exactly once by who leaves, and by nobody else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(openStream, { maxLength: 40 }), async (steps) => {
        let asked = 0;
        let letGo = 0;
        let aborted = 0;
        await using link = await testLink(Everything, () =>
          partly({
            count(_, { signal }) {
              asked += 1;
              signal.addEventListener('abort', () => (aborted += 1));
              return NEVER.pipe(
                startWith({ value: 1 }),
                finalize(() => (letGo += 1)),
              );
            },
          }),
        );
        const open: Subscription[] = [];
        let left = 0;
        let values = 0;
        await link.client.open();
        for (const what of steps) {
          if (what === 'subscribe') open.push(link.client.service.count().subscribe(() => (values += 1)));
          else if (what === 'unsubscribe' && open.length > 0) {
            left += 1;
            const subscription = open.shift();
            subscription?.unsubscribe();
            subscription?.unsubscribe();
          } else if (what === 'cut') link.cut();
          else if (what === 'restore') link.restore();
          else await link.settle();
        }
        link.restore();
        await link.settle();
        const before = { asked, letGo, aborted, values };
        // A call that was given up before it was sent may never have reached the service.
        expect(before.letGo).toBe(before.aborted);
        expect(before.letGo).toBeLessThanOrEqual(left);
        expect(before.asked - before.letGo).toBe(open.length);
        for (const subscription of open) subscription.unsubscribe();
        await link.settle();
        expect({ letGo, aborted }).toEqual({ letGo: asked, aborted: asked });
      }),
      { numRuns: 60 },
    );
  });
});
