// A client that takes so many a second: node --import tsx consumer.ts ADDRESS CALLBACKS PER_SECOND SECONDS POLICY
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../src/index.js';
import { Everything } from '../../test/support/gen/testing/v1/everything_duplex.js';
import { floodPolicy } from './policies.js';
import { sample } from './sample.js';

const [address = '', ...rest] = process.argv.slice(2);
const [callbacks = 0, perSecond = 0, seconds = 0] = rest.map(Number);
const policy = floodPolicy(rest[3]);
const TICK_MS = 10;

const client = connect(Everything, address, { onError: () => {} });
const { noted, progressed } = client.callbacks;
const waiting = policy === 'latest' ? progressed({ buffer: 64 }) : noted({ buffer: 64 });
const view = policy === 'drop-oldest' ? noted({ buffer: 1, overflow: 'drop-oldest' }) : waiting;
let seen = 0;
let last = -1;
let outOfOrder = 0;
const stop = sample(() => ({ seen }));
const start = performance.now();
const elapsedMs = (): number => performance.now() - start;
for await (const came of view) {
  const index = 'index' in came ? came.index : came.percent;
  if (policy === 'wait' ? index !== last + 1 : index <= last) outOfOrder += 1;
  last = index;
  seen += 1;
  // Where nobody waits the newest has to come, be it after the time.
  if (index === callbacks - 1 || (policy === 'wait' && elapsedMs() > seconds * 1_000)) break;
  while (elapsedMs() < (seen / perSecond) * 1_000) await sleep(TICK_MS);
}
stop();
console.log(JSON.stringify({ done: true, seen, last, outOfOrder, dropped: view.dropped }));
client.abort();
