import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../codegen/support/compile.js';
import { typeCheck } from '../support/type-check.js';

const file = join(root, 'test/types/wrong.ts');

/** Services of the calculator, each with one mistake. */
const mistakes = {
  misspelt: '{ ...rest, addTwo: ({ n }: { n: number }) => void n } satisfies Partial<Calculator.Handler>',
  missing:
    '{ addTo: () => {}, clear: () => {}, subtractFrom: () => {}, divideBy: () => {} } satisfies Calculator.Handler',
  request: '{ ...rest, addTo: ({ amount }) => void amount } satisfies Calculator.Handler',
  argument: '{ ...rest, addTo: (text: string) => void text } satisfies Calculator.Handler',
} as const;

/** What the compiler says about each, with the names of the mistakes as lines. */
function explain(): ReadonlyMap<string, string> {
  const names = Object.keys(mistakes) as (keyof typeof mistakes)[];
  const text = [
    "import { Calculator } from '../../examples/calculator/gen/calculator/v1/calculator_duplex.js'; declare const rest: Calculator.Handler;",
    ...names.map((name) => `export const ${name} = ${mistakes[name]};`),
  ].join('\n');
  return new Map(
    typeCheck(new Map([[file, text]])).map((complaint) => [names[complaint.line - 1] ?? '', complaint.text]),
  );
}

test('a wrong handler is explained in a few lines that name the operation', () => {
  const said = explain();
  expect(said.get('misspelt')).toContain("'addTwo' does not exist");
  expect(said.get('missing')).toMatch(/does not satisfy .* 'Handler'\.\n.*Property 'multiplyBy' is missing/);
  expect(said.get('request')).toContain("'amount' does not exist on type 'AddToRequest'");
  expect(said.get('argument')).toContain("'AddToRequest' is not assignable to type 'string'");
  for (const text of said.values()) expect(text.split('\n').length).toBeLessThanOrEqual(4);
}, 60_000);
