import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Outbox } from '../../src/session/sending/outbox.js';
import { defaultTerms } from '../../src/session/terms.js';
import { decodeEnvelope, itemsOf } from '../support/envelope.js';
import { telling } from '../support/session-pair.js';

const FRAME_BYTES = 200;

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
  fc.record({ what: fc.constant('send' as const), isGated: fc.boolean(), count: fc.constantFrom(1, 1, 1, 2, 40) }),
  fc.record({ what: fc.constant('frame' as const) }),
  fc.record({ what: fc.constant('resume' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({
    what: fc.constant('acknowledge' as const),
    // Mostly whole frames, as peers do.
    part: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
    backlog: fc.oneof(fc.constant(0), fc.nat({ max: 20 })),
  }),
);

describe('an outbox', () => {
  it('leaves alone what of a batch waits for the next frame, though the first one has arrived', () => {
    const outbox = new Outbox();
    outbox.terms = { ...defaultTerms, frameBytes: 120 };
    const send = (count: number): void => {
      for (let n = 0; n < count; n++) outbox.charge(telling(0, { callId: outbox.lastSeq + 1 }));
    };
    const taken = () => itemsOf(decodeEnvelope(outbox.nextFrame({ ack: 0, backlog: 0 }))).map(({ callId }) => callId);
    send(24);
    const first = taken();
    outbox.acknowledge(outbox.framed, 0);
    send(24);
    const ids = [...first, ...taken()];
    expect(ids.length).toBeGreaterThan(first.length);
    expect(ids).toEqual(ids.map((_, index) => index + 1));
  });

  it('has the whole window again after lone items that were replayed one by one, and one more', () => {
    const outbox = new Outbox();
    outbox.terms = { ...defaultTerms, frameItems: 1 };
    const sendAlone = (): void => {
      outbox.charge(telling(0, { callId: outbox.lastSeq + 1 }));
      outbox.nextFrame({ ack: 0, backlog: 0 });
    };
    for (let n = 0; n < 4; n++) sendAlone();
    outbox.rewind(1);
    while (!outbox.drained) outbox.nextFrame({ ack: 0, backlog: 0 });
    sendAlone();
    outbox.acknowledge(5, 1);
    outbox.acknowledge(5, 0);
    expect(outbox.heldBytes).toBe(0);
  });

  it('frames every item in turn and counts them as if it went through all, whatever is sent, heard and lost', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const outbox = new Outbox();
        outbox.terms = { ...defaultTerms, frameBytes: FRAME_BYTES };
        let everFramed = 0;
        const account = new Account();
        for (const each of steps) {
          if (each.what === 'send') {
            for (let n = 0; n < each.count; n++) {
              const item = telling(outbox.lastSeq ** 3, { callId: outbox.lastSeq + 1 });
              account.items.push({ size: item.length, isGated: each.isGated });
              if (each.isGated) outbox.charge(item);
              else outbox.add(item);
            }
          } else if (each.what === 'frame') {
            if (outbox.drained) continue;
            const { framed } = outbox;
            const frame = outbox.nextFrame({ ack: 0, backlog: 0 });
            expect(frame.length).toBeLessThanOrEqual(FRAME_BYTES);
            const envelope = decodeEnvelope(frame);
            expect(envelope.seq).toBe(framed + 1);
            const numbers = itemsOf(envelope).map(({ callId }) => callId);
            expect(numbers).toEqual(numbers.map((_, index) => framed + 1 + index));
            expect(outbox.framed).toBe(framed + numbers.length);
            everFramed = Math.max(everFramed, outbox.framed);
          } else if (each.what === 'resume') {
            const received = outbox.acked + Math.round((everFramed - outbox.acked) * each.part);
            expect(outbox.rewind(received)).toBe(true);
            account.acked = received;
          } else {
            const ack = outbox.acked + Math.round((outbox.framed - outbox.acked) * each.part);
            const backlog = Math.min(each.backlog, ack);
            expect(outbox.acknowledge(ack, backlog)).toBe(true);
            account.acknowledge(ack, backlog);
          }
          expect(outbox.heldBytes).toBe(Math.max(account.kept, account.open));
          expect(outbox.unknown).toBe(everFramed - account.released);
        }
      }),
    );
  });
});
