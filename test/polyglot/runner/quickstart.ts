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
