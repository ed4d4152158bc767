import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallTable } from '../../../../src/calls/outgoing/call-table.js';

describe('a table of calls', () => {
  it('holds what was added and not taken out, as a map by id would', () => {
    const steps = fc.array(fc.oneof(fc.constant('add'), fc.nat(400)), { maxLength: 2_000 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 40 }), steps, (firstId, all) => {
        const table = new CallTable<{ id: number }>();
        const model = new Map<number, { id: number }>();
        let lastId = firstId;
        for (const step of all) {
          if (step === 'add') {
            const call = { id: ++lastId };
            table.add(call);
            model.set(call.id, call);
          } else {
            table.delete(lastId - step);
            model.delete(lastId - step);
          }
          expect(table.size).toBe(model.size);
          expect(table.get(lastId)).toBe(model.get(lastId));
        }
        expect(table.values()).toEqual([...model.values()]);
        for (let id = firstId; id <= lastId; id++) expect(table.get(id)).toBe(model.get(id));
      }),
    );
  });

  it('keeps a call that lasts while many thousands begin and end beside it', () => {
    const table = new CallTable<{ id: number }>();
    const lasting = { id: 1 };
    table.add(lasting);
    for (let id = 2; id < 100_000; id++) {
      table.add({ id });
      table.delete(id);
    }
    expect(table.get(1)).toBe(lasting);
    expect(table.values()).toEqual([lasting]);
  });

  it('knows nothing while it is empty', () => {
    const table = new CallTable<{ id: number }>();
    table.delete(1);
    expect([table.size, table.get(0), table.get(1), table.values()]).toEqual([0, undefined, undefined, []]);
  });
});
