import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../codegen/support/compile.js';
import { typeCheck } from '../support/type-check.js';

const declarations = [
  "import { connect, createHost } from 'grpc-duplex';",
  "import { Calculator } from '../../examples/calculator/gen/calculator/v1/calculator_duplex.js';",
  'declare const rest: Calculator.Handler;',
];
const serve = (handler: string) => `createHost().add(Calculator, () => (${handler}), { initialState: {} });`;
const rest = 'subtractFrom() {}, multiplyBy() {}, divideBy() {}, clear() {}';

/** Services and clients of the calculator, each with one mistake in a line of its own, and what the compiler says. */
const mistakes: readonly (readonly [mistake: string, line: string, said: RegExp])[] = [
  [
    'an operation that is misspelt',
    'export const a = { ...rest, addTwo: () => {} } satisfies Partial<Calculator.Handler>;',
    /'addTwo' does not exist/,
  ],
  [
    'an operation that is missing',
    serve('{ addTo() {}, clear() {}, subtractFrom() {}, divideBy() {} }'),
    /Property 'multiplyBy' is missing/,
  ],
  [
    'a field that no request has',
    serve('{ ...rest, addTo: ({ amount }) => void amount }'),
    /^Property 'amount' does not exist on type 'AddToRequest'\.$/,
  ],
  [
    'a request of another type',
    serve('{ ...rest, addTo: (text: string) => void text }'),
    /'AddToRequest' is not assignable to type 'string'/,
  ],
  [
    'a reply to a one-way call',
    serve(`{ addTo: ({ n }) => n, ${rest} }`),
    /'number' is not assignable to type 'void \| PromiseLike<void>'/,
  ],
  [
    'a session where one object serves all',
    `createHost().add(Calculator, (session) => ({ ${rest}, addTo() {}, session }), { instancing: 'single' });`,
    /Target signature provides too few arguments/,
  ],
  [
    'a state that is none',
    `createHost().add(Calculator, () => rest, { initialState: { results: 1 } });`,
    /'results' does not exist in type/,
  ],
  [
    'a method of a class',
    `export class A implements Calculator.Handler { addTo(_: { m: number }) {} ${rest.replaceAll(',', '')} }`,
    /^Property 'addTo' in type 'A' is not assignable to the same property in base type 'Handler'/,
  ],
  [
    'a callback that is misspelt',
    "connect(Calculator, 'x', { handler: { equalss() {} } });",
    /'equalss' does not exist in type .* Did you mean to write 'equals'\?/,
  ],
];

test('a wrong handler is explained in a few lines that name the operation', () => {
  const text = [...declarations, ...mistakes.map(([, line]) => line)].join('\n');
  const complaints = typeCheck(new Map([[join(root, 'test/types/wrong.ts'), text]]));
  const errors = new Map(complaints.map(({ line, text }) => [line, text]));
  expect(errors.size).toBe(mistakes.length);
  for (const [index, [mistake, , said]] of mistakes.entries()) {
    const error = errors.get(declarations.length + index) ?? '';
    expect(error, mistake).toMatch(said);
    expect(error.split('\n').length, mistake).toBeLessThanOrEqual(4);
  }
}, 60_000);
