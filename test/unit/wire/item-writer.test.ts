import { BinaryWriter } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ItemWriter } from '../../../src/wire/item-writer.js';

/** What a codec does to a writer. */
type Step = readonly [method: keyof BinaryWriter, ...values: unknown[]] | readonly [inner: readonly Step[]];
type Methods = Readonly<Record<string, (...values: unknown[]) => unknown>>;

const edges = (...values: readonly number[]): number[] => values.flatMap((value) => [value - 1, value, value + 1]);
const numbers = fc.oneof(
  fc.constantFrom(...edges(0, 127, 128, 2 ** 14, 2 ** 21, 2 ** 28, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 53, -(2 ** 53))),
  fc.integer(),
  fc.double(),
  fc.maxSafeInteger(),
);
const wholes = fc.oneof(
  numbers,
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
  fc.constantFrom(2n ** 63n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 63n) - 1n, 2n ** 64n, 2n ** 64n - 1n),
);
const misfits = fc.constantFrom(
  undefined,
  null,
  true,
  {},
  '',
  'many',
  'NaN',
  '12',
  '-3',
  '1.5',
  '18446744073709551615',
);
const lengths = fc.oneof(fc.nat(40), fc.constantFrom(...edges(128, 2 ** 14).flatMap((n) => [n - 4, n])));
const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.tuple(lengths, fc.constantFrom('a', 'ä', '→', '😀', '\ud800')).map(([length, letter]) => letter.repeat(length)),
  misfits,
);
const bytes = lengths.map((length) => new Uint8Array(length).fill(length));

const one = (methods: readonly (keyof BinaryWriter)[], value: fc.Arbitrary<unknown>): fc.Arbitrary<Step> =>
  fc.tuple(fc.constantFrom(...methods), value);
const { step } = fc.letrec<{ step: Step }>((tie) => ({
  step: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    one(['uint32', 'int32', 'sint32', 'fixed32', 'sfixed32', 'float', 'double', 'bool'], fc.oneof(numbers, misfits)),
    one(['uint64', 'int64', 'sint64', 'fixed64', 'sfixed64'], fc.oneof(wholes, misfits)),
    one(['string'], texts),
    one(['bytes', 'raw'], bytes),
    fc.tuple(fc.constant('tag' as const), fc.integer({ min: 1, max: 2 ** 29 - 1 }), fc.constantFrom(0, 1, 2, 5)),
    fc.tuple(fc.array(tie('step'))),
  ),
}));
const steps = fc.array(step, { maxLength: 20 });

/** Writes until something cannot be written; false then. */
function write(writer: BinaryWriter | ItemWriter, all: readonly Step[]): boolean {
  try {
    for (const [what, ...values] of all) {
      if (typeof what === 'string') (writer as unknown as Methods)[what]?.(...values);
      else if (!write(writer.fork(), what)) return false;
      else writer.join();
    }
    return true;
  } catch {
    return false;
  }
}

describe('the writer of items', () => {
  it('writes what the protobuf library writes, and refuses what it refuses, wherever the item is to stand', () => {
    const writer = new ItemWriter();
    fc.assert(
      fc.property(steps, fc.nat(600), fc.nat(200), (all, capacity, start) => {
        const official = new BinaryWriter();
        const isGood = write(official, all);
        expect(write(writer.begin(new Uint8Array(start + capacity), start), all)).toBe(isGood);
        if (!isGood) return;
        const item = writer.end();
        const expected = official.finish();
        expect(writer.finish()).toEqual(expected);
        expect(item.slice()).toEqual(expected);
        expect(item).toMatchObject({ length: expected.length });
      }),
    );
  });

  it('touches nothing before the item, and leaves an item that fits where it was to stand', () => {
    const writer = new ItemWriter();
    fc.assert(
      fc.property(steps, fc.nat(300), fc.nat(100), (all, capacity, start) => {
        const memory = new Uint8Array(start + capacity).fill(7);
        write(writer.begin(memory, start), all);
        expect(memory.subarray(0, start)).toEqual(new Uint8Array(start).fill(7));
        const item = writer.end();
        if (item.memory === memory) expect(item.start).toBe(start);
      }),
    );
    const memory = new Uint8Array(64);
    const { start } = writer.begin(memory, 20).fork().string('in place').double(0.5).join().end();
    expect(start).toBe(20);
    expect(memory.subarray(20, 38)).toEqual(writer.finish());
  });

  it('goes on elsewhere in the middle of a message when it has to make room', () => {
    const writer = new ItemWriter().begin(new Uint8Array(100), 50).uint32(10).fork().string('a').fork().string('b');
    writer.leave();
    const expected = new BinaryWriter().uint32(10).fork().string('a').fork().string('b').join().join();
    expect(writer.join().join().finish()).toEqual(expected.finish());
    expect(writer.end().start).toBe(0);
  });

  it('keeps no memory of a message of many megabytes', () => {
    const writer = new ItemWriter();
    expect(writer.begin().string('a'.repeat(5_000_000)).end().length).toBe(5_000_004);
    expect(writer.begin().string('a').end().memory.length).toBeLessThanOrEqual(4 * 1024 * 1024);
  });

  it('has forgotten a message that failed midway', () => {
    const writer = new ItemWriter();
    expect(write(writer, [[[['string', 'half'], [[['uint32', -1]]]]]])).toBe(false);
    expect(writer.begin().fork().bool(true).join().finish()).toEqual(Uint8Array.of(1, 1));
    expect(() => writer.join()).toThrow('join without fork');
  });
});
