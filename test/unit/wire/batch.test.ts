import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallFault, Ping } from '../../../src/gen/duplex/v1/session.js';
import { ackFrame, Batch } from '../../../src/wire/batch.js';
import { controlFrame } from '../../../src/wire/control.js';
import { bareHead, ItemEncoder } from '../../../src/wire/item-encoder.js';
import { controlOf, decodeEnvelope, itemsOf } from '../../support/envelope.js';

const encoder = new ItemEncoder();
const item = (id: number): Uint8Array => encoder.encode({ ...bareHead, callId: id }, 100, Ping, { id });
const batchOf = (count: number): Batch => {
  const batch = new Batch();
  for (let id = 1; id <= count; id++) batch.append(item(id));
  return batch;
};
const batchOfOne = (id: number): Batch => {
  const batch = new Batch();
  batch.append(item(id));
  return batch;
};
const idsIn = (frame: Uint8Array): number[] => itemsOf(decodeEnvelope(frame)).map(({ callId = 0 }) => callId);

describe('a frame', () => {
  it('is an envelope of one item, with further items in `more`', () => {
    const frame = decodeEnvelope(batchOf(3).frame(0, 3, { seq: 41, ack: 7, backlog: 2 }));
    expect(frame).toMatchObject({ seq: 41, ack: 7, backlog: 2, callId: 1 });
    expect(frame.more).toHaveLength(2);
    expect(frame.more?.[0]).not.toHaveProperty('seq');
  });

  it('carries the very bytes of an item in both places', () => {
    const alone = batchOf(1).frame(0, 1, { seq: 0, ack: 0, backlog: 0 });
    expect(alone).toEqual(item(1));
    const second = batchOf(2).frame(0, 2, { seq: 0, ack: 0, backlog: 0 });
    expect(second.subarray(second.length - item(2).length)).toEqual(item(2));
  });

  it('may be cut anywhere, with any numbering, and has exactly the items asked for', () => {
    const numbers = fc.record({ seq: fc.maxSafeNat(), ack: fc.maxSafeNat(), backlog: fc.nat() });
    const cuts = fc
      .integer({ min: 1, max: 40 })
      .chain((count) =>
        fc
          .tuple(fc.constant(count), fc.integer({ min: 0, max: count - 1 }))
          .chain(([all, from]) =>
            fc.tuple(fc.constant(all), fc.constant(from), fc.integer({ min: from + 1, max: all })),
          ),
      );
    fc.assert(
      fc.property(cuts, numbers, ([count, from, to], numbering) => {
        const frame = batchOf(count).frame(from, to, numbering);
        const { seq = 0, ack = 0, backlog = 0 } = decodeEnvelope(frame);
        expect({ seq, ack, backlog }).toEqual(numbering);
        expect(idsIn(frame)).toEqual(Array.from({ length: to - from }, (_, i) => from + i + 1));
      }),
    );
  });

  it('may be cut again with other numbers, as a replay does, without harm to the first', () => {
    const batch = batchOf(3);
    const first = batch.frame(0, 3, { seq: 1, ack: 0, backlog: 0 });
    const before = first.slice();
    batch.frame(0, 3, { seq: 1, ack: 2 ** 50, backlog: 9 });
    expect(first).toEqual(before);
  });

  it('of memory that was used before, has no trace of what was there', () => {
    const numbers = { seq: 9, ack: 0, backlog: 0 };
    const first = batchOf(5);
    first.frame(0, 5, numbers);
    const again = new Batch(first.memory);
    again.append(item(7));
    expect(again.frame(0, 1, numbers)).toEqual(batchOfOne(7).frame(0, 1, numbers));
  });

  it('that was cut again keeps its memory: a carrier that was lost may still read it', () => {
    const batch = batchOf(2);
    batch.frame(0, 2, { seq: 1, ack: 0, backlog: 0 });
    batch.frame(0, 2, { seq: 1, ack: 5, backlog: 0 });
    expect(batch.memory).toBeUndefined();
  });

  it('knows its size beforehand, whatever the items hold', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1 }), (items) => {
        const batch = new Batch(new Uint8Array(Batch.capacityFor(0)));
        for (const bytes of items) batch.append(bytes);
        expect(batch.count).toBe(items.length);
        const frame = batch.frame(0, items.length, { seq: 0, ack: 0, backlog: 0 });
        expect(frame).toHaveLength(batch.byteLength);
      }),
    );
  });
});

describe('a batch', () => {
  it('says how many items go into so many bytes, and lets one go that is longer', () => {
    const items = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(items, fc.nat(), fc.nat(2_000), (all, begin, limit) => {
        const batch = new Batch();
        for (const bytes of all) batch.append(bytes);
        const from = begin % all.length;
        const to = batch.upTo(from, limit);
        const lengthTo = (end: number): number => batch.frame(from, end, { seq: 0, ack: 0, backlog: 0 }).length;
        if (to > from + 1) expect(lengthTo(to)).toBeLessThanOrEqual(limit);
        if (to < all.length) expect(lengthTo(to + 1)).toBeGreaterThan(limit);
        expect(to).toBeGreaterThan(from);
        expect(batch.itemAt(from)).toEqual(all[from]);
      }),
    );
  });

  it('of one item that stays where it is gives the same frames, also when others follow', () => {
    const numbers = { seq: 3, ack: 300, backlog: 1 };
    const lone = Batch.ofOne(item(1));
    expect(lone.frame(0, 1, numbers)).toEqual(batchOf(1).frame(0, 1, numbers));
    expect(lone.memory).toBeUndefined();
    expect(lone.itemAt(0)).toEqual(item(1));
    const joined = Batch.ofOne(item(1));
    for (const id of [2, 3]) joined.append(item(id));
    expect(joined.byteLength).toBe(batchOf(3).byteLength);
    expect(joined.frame(0, 3, numbers)).toEqual(batchOf(3).frame(0, 3, numbers));
  });

  it('of items that went alone has each of them in a frame of its own, and all of them in one that repeats them', () => {
    const numbers = { seq: 1, ack: 0, backlog: 0 };
    const loose = Batch.ofOne(item(1));
    for (const id of [2, 3]) loose.appendLoose(item(id));
    for (const id of [1, 2, 3]) {
      expect(loose.frame(id - 1, id, numbers)).toEqual(batchOfOne(id).frame(0, 1, numbers));
      expect(loose.sizeAt(id - 1)).toBe(item(id).length);
    }
    expect(loose.isLoose).toBe(true);
    expect(loose.upTo(0, item(1).length + 1)).toBe(1);
    expect(loose.frame(0, loose.upTo(0, 1_000), numbers)).toEqual(batchOf(3).frame(0, 3, numbers));
    expect(loose.sizeAt(1)).toBe(item(2).length);
  });
});

describe('an item that is encoded where it is to stand', () => {
  const lengths = fc.oneof(fc.nat(300), fc.constantFrom(118, 119, 120, 121, 16_374, 16_375, 16_376, 16_377, 40_000));
  const fates = fc.constantFrom('sent', 'sent', 'kept back', 'failed midway');

  it('makes the same batch as one that is copied there, whatever becomes of those between', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(lengths, fates), { minLength: 1 }), fc.nat(3_000), (items, capacity) => {
        const batch = new Batch(new Uint8Array(Batch.capacityFor(capacity)));
        const copied = new Batch();
        for (const [length, fate] of items) {
          const fault = { code: 5, message: 'x'.repeat(length), retryAfterMs: fate === 'failed midway' ? -1 : 9 };
          try {
            const written = encoder.encodeOnce(bareHead, 100, CallFault, fault, batch);
            if (fate !== 'sent') continue;
            copied.append(written.slice());
            batch.append(written);
          } catch {
            expect(fate).toBe('failed midway');
          }
        }
        const { count } = copied;
        expect(batch.count).toBe(count);
        if (count === 0) return;
        const numbers = { seq: 1, ack: 2, backlog: 3 };
        expect(batch.frame(0, count, numbers)).toEqual(copied.frame(0, count, numbers));
      }),
    );
  });

  it('is in the memory of the batch already, if there is room', () => {
    const batch = new Batch(new Uint8Array(100));
    for (const id of [1, 2]) {
      const written = encoder.encodeOnce(bareHead, 100, Ping, { id }, batch);
      expect(written.memory).toBe(batch.memory);
      batch.append(written);
    }
    const long = encoder.encodeOnce(bareHead, 100, CallFault, { message: 'x'.repeat(100) }, batch);
    expect(long.memory).not.toBe(batch.memory);
  });
});

describe('a frame without items', () => {
  it('is empty when there is nothing to say', () => {
    expect(ackFrame({ seq: 0, ack: 0, backlog: 0 })).toHaveLength(0);
  });

  it('carries an acknowledgement alone', () => {
    expect(decodeEnvelope(ackFrame({ seq: 0, ack: 300, backlog: 5 }))).toEqual({ ack: 300, backlog: 5 });
  });

  it('carries a control message, unnumbered, and takes an acknowledgement along', () => {
    const frame = decodeEnvelope(controlFrame({ $case: 'ping', value: { id: 3 } }, { seq: 0, ack: 12, backlog: 1 }));
    expect(frame).toMatchObject({ ack: 12, backlog: 1 });
    expect(frame.seq).toBeUndefined();
    expect(controlOf(frame)).toEqual({ $case: 'ping', value: { id: 3 } });
  });
});
