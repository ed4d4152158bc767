import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Command } from '../../../src/cli/command.js';
import { root } from './compile.js';

/** A folder of a user, with node_modules, and what a command says in it. */
export interface Project {
  readonly folder: string;
  write(name: string, text: string): void;
  read(name: string): string;
  /** Runs a command of `duplex` in this process. */
  run(command: Command, ...args: readonly string[]): Promise<CommandResult>;
}

/** How a command ended, and its lines. */
export interface CommandResult {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

/** Makes a project with the given files; it is gone after the test. */
export function createProject(files: Readonly<Record<string, string>>): Project {
  const project = makeProject(files);
  onTestFinished(project.remove);
  return project;
}

/** Makes a project that several tests share. */
export function makeProject(files: Readonly<Record<string, string>>): Project & { remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'grpc-duplex-cli-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  return {
    folder,
    write,
    read: (name) => readFileSync(join(folder, name), 'utf8'),
    async run(command, ...args) {
      const [out, err]: [string[], string[]] = [[], []];
      const print = (lines: string[]) => (text: string) => lines.push(...text.split('\n'));
      const code = await command(args, { cwd: folder, out: print(out), err: print(err) });
      return { code, out, err };
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
