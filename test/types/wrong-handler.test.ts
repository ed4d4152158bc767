import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { root } from '../codegen/support/compile.js';

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
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: ['x.ts'] }, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true) : getSourceFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  const source = program.getSourceFile(file);
  return new Map(
    program
      .getSemanticDiagnostics(source)
      .map(({ start, messageText }) => [
        names[(source?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0) - 1] ?? '',
        ts.flattenDiagnosticMessageText(messageText, '\n'),
      ]),
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
