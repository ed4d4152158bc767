import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Outbox } from '../../src/session/outbox.js';
import { telling } from '../support/session-pair.js';

/** The same count as an outbox keeps, item by item. */
class Account {
  readonly items: { readonly size: number; readonly isGated: boolean }[] = [];
  acked = 0;
  released = 0;

  acknowledge(ack: number, backlog: number): void {
    this.acked = Math.max(this.acked, ack);
    const isOpen = (index: number): boolean => this.items[index]?.isGated === true;
    const held = (): number => this.#indices(this.released, this.acked).filter(isOpen).length;
    while (this.released < this.acked && !(isOpen(this.released) && held() <= backlog)) this.released += 1;
  }

  get kept(): number {
    return this.#bytes(this.acked, () => true);
  }

  get open(): number {
    return this.#bytes(this.released, ({ isGated }) => isGated);
  }

  #bytes(from: number, counts: (item: { readonly isGated: boolean }) => boolean): number {
    return this.items
      .slice(from)
      .filter(counts)
      .reduce((sum, { size }) => sum + size, 0);
  }

  #indices(from: number, to: number): number[] {
    return Array.from({ length: to - from }, (_, index) => from + index);
  }
}

const step = fc.oneof(
  fc.record({ what: fc.constant('send' as const), isGated: fc.boolean(), count: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ what: fc.constant('frame' as const) }),
  fc.record({
    what: fc.constant('acknowledge' as const),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
    backlog: fc.nat({ max: 20 }),
  }),
);

describe('an outbox', () => {
  it('counts what the peer holds and has begun as if it went through all items, whatever it sends and hears', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const outbox = new Outbox();
        const account = new Account();
        for (const each of steps) {
          if (each.what === 'send') {
            for (let n = 0; n < each.count; n++) {
              const item = telling(outbox.lastSeq ** 3);
              account.items.push({ size: item.length, isGated: each.isGated });
              if (each.isGated) outbox.charge(item);
              else outbox.add(item);
            }
          } else if (each.what === 'frame') {
            if (!outbox.drained) outbox.nextFrame({ ack: 0, backlog: 0 });
          } else {
            const ack = outbox.acked + Math.round((outbox.framed - outbox.acked) * each.part);
            const backlog = Math.min(each.backlog, ack);
            expect(outbox.acknowledge(ack, backlog)).toBe(true);
            account.acknowledge(ack, backlog);
          }
          expect(outbox.heldBytes).toBe(Math.max(account.kept, account.open));
          expect(outbox.unknown).toBe(outbox.framed - account.released);
        }
      }),
    );
  });
});
