import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contains, normalize, numberSet, union, without } from '../../src/codegen/numbers/number-set.js';
import { findConflict, parseWireRecord } from '../../src/codegen/numbers/wire-record.js';

describe('the record of numbers', () => {
  test('is read from the fields of each message, whatever stands around them', () => {
    const record = parseWireRecord(`
      // message Commented { Note gone = 110; }
      message A { /* Note x = 111; */ option deprecated = true;
        reserved 101, 103 to 105; reserved "b", 'c';
        uint64 seq = 1;
        oneof content { duplex.v1.Control control = 16; .other.Note add = 0x64 [deprecated = true, (x) = { y: 1 }]; }
      }
      message B {}`);
    expect(record.get('A')).toEqual({
      arms: [{ name: 'add', type: '.other.Note', number: 100, line: 6 }],
      reservedNumbers: [
        { first: 101, last: 101 },
        { first: 103, last: 105 },
      ],
      reservedNames: ['b', 'c'],
    });
    expect(record.get('B')).toEqual({ arms: [], reservedNumbers: [], reservedNames: [] });
    expect(record.has('Commented')).toBe(false);
  });

  test('does not take digits in reserved names for numbers', () => {
    expect(parseWireRecord('message A { reserved "v2", "x 7"; }').get('A')?.reservedNumbers).toEqual([]);
  });

  test('is never an error, however damaged the file is', () => {
    fc.assert(fc.property(fc.string(), (text) => parseWireRecord(`message A { ${text}`) instanceof Map));
  });

  test('shows where a merge was left unfinished', () => {
    expect(findConflict('message A {\n<<<<<<< ours\n}')).toBe(2);
    expect(findConflict('// a < b\nmessage A {}')).toBeUndefined();
  });
});

describe('a set of numbers', () => {
  const numbers = fc.array(fc.nat(30));

  test('joins neighbours and overlaps', () => {
    expect(
      normalize([
        { first: 5, last: 7 },
        { first: 1, last: 2 },
        { first: 3, last: 5 },
      ]),
    ).toEqual([{ first: 1, last: 7 }]);
  });

  test('behaves like a set of its numbers', () => {
    fc.assert(
      fc.property(numbers, numbers, numbers, (a, b, gone) => {
        const set = without(union(numberSet(a), numberSet(b)), gone);
        const expected = new Set([...a, ...b].filter((number) => !gone.includes(number)));
        for (let number = 0; number <= 30; number++) expect(contains(set, number)).toBe(expected.has(number));
        expect(normalize(set)).toEqual(set);
      }),
    );
  });
});
