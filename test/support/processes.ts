import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { onTestFinished, vi } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** A script of this folder in a process of its own. It is killed when the test is finished, unless `atEnd` says otherwise. */
export class ScriptProcess {
  /** What it printed, line by line. */
  readonly lines: string[] = [];
  /** What it printed since the last whole line. */
  unfinished = '';
  /** What it printed to stderr. */
  errors = '';
  /** Resolves with the exit code, or with the signal that ended it, when all that it printed is here. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
  readonly #child: ChildProcessWithoutNullStreams;

  /** Starts `script`, a path from the root of the project; what is JavaScript needs no `flags`. */
  constructor(
    script: string,
    args: readonly string[] = [],
    atEnd: (kill: () => void) => void = onTestFinished,
    flags: readonly string[] = ['--import', 'tsx'],
  ) {
    const child = spawn(process.execPath, [...flags, script, ...args], { cwd: root, stdio: 'pipe' });
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.unfinished + text).split('\n');
      this.unfinished = lines.pop() ?? '';
      this.lines.push(...lines);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    this.exited = new Promise((done) => child.on('close', (code, signal) => done(code ?? signal)));
    atEnd(() => {
      child.kill('SIGKILL');
    });
  }

  /** Waits until it has printed a line that contains `text`. */
  async printed(text: string): Promise<string> {
    return vi.waitFor(
      () => {
        const line = this.lines.find((printed) => printed.includes(text));
        if (line === undefined)
          throw new Error(`"${text}" not printed; printed were: ${this.lines.join('\n')}\n${this.errors}`);
        return line;
      },
      { timeout: 60_000, interval: 10 },
    );
  }

  /** Types at its terminal. */
  type(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Ends what is typed. */
  end(): void {
    this.#child.stdin.end();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}
