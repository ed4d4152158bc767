import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { varintSize, writeVarint } from '../../../src/wire/varint.js';

const boundaries = [7, 14, 21, 28, 31, 32, 35, 42, 49, 53].flatMap((bits) => [2 ** bits - 1, 2 ** bits]);
const counters = [0, 1, ...boundaries].filter((value) => Number.isSafeInteger(value));

function written(value: number): Uint8Array {
  const bytes = new Uint8Array(16);
  return bytes.subarray(0, writeVarint(bytes, 0, value));
}

describe('a varint', () => {
  it.each(counters)('of %d is what a protobuf library writes', (value) => {
    const theirs = new BinaryWriter().uint64(value).finish();
    expect(written(value)).toEqual(theirs);
    expect(varintSize(value)).toBe(theirs.length);
  });

  it('of any counter is read back by a protobuf library', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const bytes = written(value);
        expect(bytes).toHaveLength(varintSize(value));
        expect(Number(new BinaryReader(bytes).uint64())).toBe(value);
      }),
    );
  });

  it('leaves what stands around it alone', () => {
    const bytes = new Uint8Array(12).fill(0xff);
    expect(writeVarint(bytes, 2, 300)).toBe(4);
    expect([...bytes]).toEqual([0xff, 0xff, 0xac, 0x02, ...Array(8).fill(0xff)]);
  });
});
