import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { arch, platform } from 'node:process';
import { pathToFileURL } from 'node:url';
import type { Finding } from '../../codegen/finding.js';
import { UsageError } from '../command.js';

/** How buf ended. */
export interface BufResult {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Runs buf in a folder. It is an optional peer, so that it can be missing:
 * that is a {@link UsageError} with the line that installs it.
 */
export function runBuf(folder: string, args: readonly string[], cwd: string): Promise<BufResult> {
  const [program, ...first] = findBuf(cwd);
  const child = spawn(program, [...first, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() });
    });
  });
}

/**
 * The findings in what buf printed with `--error-format=json`, one object per
 * line. What is not one of them is a failure of buf itself, and thrown.
 */
export function readBufFindings(text: string, describe: (finding: BufFinding) => Finding): readonly Finding[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    if (!line.startsWith('{')) throw new UsageError(`buf failed: ${lines.join('\n')}`);
    return describe(JSON.parse(line) as BufFinding);
  });
}

/** One line of buf's JSON. Places are absent where something is gone. */
export interface BufFinding {
  readonly path?: string;
  readonly start_line?: number;
  readonly start_column?: number;
  readonly type: Uppercase<string>;
  readonly message: string;
}

/** buf's own binary, or else the Node script that starts it: the user's first, then the one beside this package. */
function findBuf(cwd: string): readonly [program: string, ...args: readonly string[]] {
  for (const from of [pathToFileURL(join(cwd, 'index.js')).href, import.meta.url]) {
    const script = tryResolve(from, '@bufbuild/buf/bin/buf');
    if (script === undefined) continue;
    const name = `@bufbuild/buf-${platform}-${arch}/bin/buf${platform === 'win32' ? '.exe' : ''}`;
    const binary = tryResolve(script, name);
    return binary === undefined ? [process.execPath, script] : [binary];
  }
  throw new UsageError('the buf compiler is missing; install it with\n  npm install --save-dev @bufbuild/buf');
}

function tryResolve(from: string, name: string): string | undefined {
  try {
    return createRequire(from).resolve(name);
  } catch {
    return undefined;
  }
}
