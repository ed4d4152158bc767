// npm run flood -- [--callbacks N] [--per-second N] [--seconds N] [--policy wait|latest|drop-oldest]
// A service that calls back a million times in a minute, against a client that takes a thousand a second.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { floodPolicy } from './policies.js';

/** So much more memory a process may have in the last third of the run than in the second. */
const MAX_GROWTH_BYTES = 48 * 1024 * 1024;
/** So much it may have at all: what was sent and not taken would be more. */
const MAX_BYTES = 320 * 1024 * 1024;

const { values } = parseArgs({
  options: {
    callbacks: { type: 'string', default: '1000000' },
    'per-second': { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '60' },
    policy: { type: 'string', default: 'wait' },
  },
});
const { callbacks, seconds } = values;
const policy = floodPolicy(values.policy);

interface Line {
  readonly address?: string;
  readonly done?: boolean;
  readonly seen?: number;
  readonly sent?: number;
  readonly last?: number;
  readonly outOfOrder?: number;
  readonly dropped?: number;
  readonly spared?: number;
  readonly rss?: number;
}

/** A script of this folder in a process of its own, and all that it printed so far. */
function start(script: string, ...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: Line[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(JSON.parse(line)));
  return { child, lines, reader };
}

const producer = start('producer.ts', callbacks, seconds, policy);
await once(producer.reader, 'line');
const address = producer.lines[0]?.address ?? '';
const consumer = start('consumer.ts', address, callbacks, values['per-second'], seconds, policy);
const [code] = await once(consumer.child, 'close');
producer.child.kill();

const failures: string[] = [];
const check = (holds: boolean, what: string): void => void (holds || failures.push(what));
const end = consumer.lines.findLast(({ done }) => done);
check(code === 0 && end !== undefined, `the consumer ended with ${code}`);
check(
  end?.outOfOrder === 0,
  `${end?.outOfOrder} callbacks came out of order${policy === 'wait' ? ', or were lost' : ''}`,
);
const { sent, spared } = producer.lines.findLast((line) => line.sent !== undefined) ?? {};
if (policy !== 'drop-oldest') check(end?.dropped === 0, `the client dropped ${end?.dropped} callbacks`);
if (policy === 'latest') check(spared !== 0, 'the client was fast enough: nothing shows what the policy does');
else check(spared === 0, `the service spared its client ${spared} callbacks`);
if (policy !== 'wait')
  check(end?.last === Number(callbacks) - 1, `the newest did not arrive: the last one was ${end?.last}`);
for (const [name, { lines }] of Object.entries({ producer, consumer })) {
  const rss = lines.flatMap((line) => line.rss ?? []);
  const third = Math.floor(rss.length / 3);
  // A run that is over at once has no thirds.
  const growth = third === 0 ? 0 : median(rss.slice(2 * third)) - median(rss.slice(third, 2 * third));
  console.log(`${name}: ${mib(Math.max(...rss))} MiB at most, ${mib(growth)} MiB more in the last third of the run`);
  check(growth < MAX_GROWTH_BYTES, `the memory of the ${name} grows`);
  check(Math.max(...rss) < MAX_BYTES, `the ${name} needs more than ${mib(MAX_BYTES)} MiB`);
}
console.log(
  `${policy}: sent ${sent}, spared ${spared}, seen ${end?.seen}, dropped ${end?.dropped}; the last one was ${end?.last}`,
);
for (const failure of failures) console.error(`FAILED: ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function mib(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
