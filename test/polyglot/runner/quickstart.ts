import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { type Command, runProgram } from './play.js';

const root = resolve(import.meta.dirname, '../../..');

/** Runs the first program of a newcomer against the calculator of the examples. Returns what was wrong, or undefined. */
export async function quickstart([command, ...args]: Command, cwd: string): Promise<string | undefined> {
  const server = spawn(
    process.execPath,
    ['--import', 'tsx', join(root, 'examples/calculator/server.ts'), 'localhost:0'],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
    const { value: line = '' } = await lines.next();
    const printed = `${await runProgram([command, ...args, line.replace('listening on ', '')], cwd)}`;
    return printed === 'Equals(100)\n' ? undefined : `printed "${printed}"`;
  } catch (error) {
    return `${error}`;
  } finally {
    server.kill('SIGTERM');
  }
}
