import { describe, expect, it } from 'vitest';
import { MethodTable } from '../../../../src/calls/incoming/method-table.js';
import { defineContract } from '../../../../src/contract/define-contract.js';
import { Ping } from '../../../../src/gen/duplex/v1/session.js';

const numbers = [100, 101, 4_195, 4_196, 50_000, 2 ** 29 - 1];
const { operations } = defineContract({
  name: 'a.AService',
  wireName: 'a.ADuplexService',
  operations: Object.fromEntries(
    numbers.map((number) => [`at${number}`, { name: `At${number}`, number, shape: 'one-way', request: Ping } as const]),
  ),
});

describe('the table of methods', () => {
  const table = new MethodTable(operations);

  it.each(numbers)('finds the method with number %d', (number) => {
    expect(table.get(number)?.localName).toBe(`at${number}`);
  });

  it.each([0, 16, 99, 102, 4_197, 2 ** 28, -1])('has nothing at %d', (number) => {
    expect(table.get(number)).toBeUndefined();
  });

  it('may be empty', () => {
    expect(new MethodTable([]).get(100)).toBeUndefined();
  });
});
