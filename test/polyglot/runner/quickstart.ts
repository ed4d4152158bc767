import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { type Command, runProgram } from './play.js';

const root = resolve(import.meta.dirname, '../../..');

/** Runs the first program of a newcomer against the calculator of the examples. Returns what was wrong, or undefined. */
export function quickstart([command, ...args]: Command, cwd: string): Promise<string | undefined> {
  return withCalculator(async (address) => {
    const printed = `${await runProgram([command, ...args, address], cwd)}`;
    return printed === 'Equals(100)\n' ? undefined : `printed "${printed}"`;
  });
}

/** Runs the Python that the README shows, as it stands there, but for the address. */
export function readme([python]: Command, cwd: string): Promise<string | undefined> {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  const [, program = ''] = /```python\n([\s\S]*?)```/.exec(text) ?? [];
  return withCalculator(async (address) => {
    const printed = `${await runProgram([python, '-c', program.replace('localhost:50051', address)], cwd)}`;
    return printed === '100.0\n' ? undefined : `printed "${printed}"`;
  });
}

/** Runs a program that has none of the calculator's protos, and asks it for them. Returns what was wrong, or undefined. */
export function reflection([command, ...args]: Command, cwd: string): Promise<string | undefined> {
  return withCalculator(async (address) => {
    const printed = `${await runProgram([command, ...args, address], cwd)}`;
    const expected = /^calculator\.v1\.CalculatorDuplexService\n[\s\S]*^Equals\(100\)\n$/m;
    return expected.test(printed) ? undefined : `printed "${printed}"`;
  });
}

/** What the lines of the README for a shell have to print, by what they do. */
const shellOutputs = [
  { line: / list$| --list-methods /, prints: 'calculator.v1.CalculatorDuplexService' },
  { line: / describe /, prints: 'rpc AddTo ( .calculator.v1.AddToRequest )' },
  { line: /add_to/, prints: '"result": 100' },
];

/** Runs the lines that the README has for a shell, as they stand there, but for the address. */
export function shell(): Promise<string | undefined> {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  const [, block = ''] = /```sh\n(grpcurl[\s\S]*?)\n```/.exec(text) ?? [];
  const lines = block.replaceAll('\\\n', '').split('\n');
  return withCalculator(async (address) => {
    for (const line of lines) {
      const printed = `${await runProgram(['sh', '-c', line.replace('localhost:50051', address)], root)}`;
      const expected = shellOutputs.find((each) => each.line.test(line));
      if (expected === undefined || !printed.includes(expected.prints)) return `${line} printed "${printed}"`;
    }
    return lines.length >= 5 ? undefined : 'the README has no lines for a shell';
  });
}

async function withCalculator(use: (address: string) => Promise<string | undefined>): Promise<string | undefined> {
  const server = spawn(
    process.execPath,
    ['--import', 'tsx', join(root, 'examples/calculator/server.ts'), 'localhost:0'],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
    const { value: line = '' } = await lines.next();
    return await use(line.replace('listening on ', ''));
  } catch (error) {
    return `${error}`;
  } finally {
    server.kill('SIGTERM');
  }
}
