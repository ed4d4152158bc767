#!/usr/bin/env node
import { readFileSync } from 'node:fs';

/** The sub-commands by name, each with what it does. */
const commands = {
  generate: 'write the wire proto and the TypeScript of a contract',
  check: 'check contracts against the rules, and against an older version of themselves',
  call: 'call an operation of a running service and print what comes back',
  repl: 'talk to a running service line by line',
  inspect: 'show what travels in a session, decoded',
} as const;

const usage = `duplex: duplex services for gRPC

usage: duplex <command> [options]

${Object.entries(commands)
  .map(([name, summary]) => `  ${name.padEnd(10)}${summary}`)
  .join('\n')}

  --help     show this text
  --version  show the version
`;

const [command] = process.argv.slice(2);

if (command === undefined || command === 'help' || command === '--help' || command === '-h') {
  process.stdout.write(usage);
} else if (command === '--version' || command === '-v') {
  process.stdout.write(`${version()}\n`);
} else if (Object.hasOwn(commands, command)) {
  fail(`duplex ${command}: not built yet`);
} else {
  fail(`duplex: no such command: ${command}\n\n${usage.trimEnd()}`);
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return version;
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
