#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { type Command, UsageError } from './command.js';

/** The sub-commands by name: what each does, and where it is. */
const commands: Readonly<Record<string, { readonly summary: string; load(): Promise<Command> }>> = {
  generate: {
    summary: 'write the wire proto and the TypeScript of contracts',
    load: async () => (await import('./commands/generate.js')).generate,
  },
  check: {
    summary: 'check contracts against the rules, and against an older version of themselves',
    load: async () => (await import('./commands/check.js')).check,
  },
};

const usage = `duplex: duplex services for gRPC

usage: duplex <command> [options]

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
  .join('\n')}

  --help     show this text, or after a command its options
  --version  show the version
`;

const [name, ...args] = process.argv.slice(2);

if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
  process.stdout.write(usage);
} else if (name === '--version' || name === '-v') {
  process.stdout.write(`${version()}\n`);
} else {
  process.exitCode = await run(name, args);
}

async function run(name: string, args: readonly string[]): Promise<number> {
  const known = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (known === undefined) {
    fail(`duplex: no such command: ${name}\n\n${usage.trimEnd()}`);
    return 2;
  }
  const command = await known.load();
  try {
    return await command(args, { cwd: process.cwd(), out: (line) => process.stdout.write(`${line}\n`), err: fail });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    fail(`duplex ${name}: ${error.message}`);
    return 2;
  }
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return version;
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
}
