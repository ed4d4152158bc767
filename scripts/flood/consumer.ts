// A client that takes so many a second: node --import tsx consumer.ts ADDRESS CALLBACKS PER_SECOND SECONDS wait|latest
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../src/index.js';
import { Everything } from '../../test/support/gen/testing/v1/everything_duplex.js';
import { sample } from './sample.js';

const [address = '', ...rest] = process.argv.slice(2);
const [callbacks = 0, perSecond = 0, seconds = 0] = rest.map(Number);
const waits = rest[3] === 'wait';
const TICK_MS = 10;

const client = connect(Everything, address, { onError: () => {} });
const view = client.callbacks.noted(waits ? { buffer: 64 } : { buffer: 1, overflow: 'drop-oldest' });
let seen = 0;
let last = -1;
let outOfOrder = 0;
const stop = sample(() => ({ seen }));
const end = performance.now() + seconds * 1_000;
let budget = (perSecond * TICK_MS) / 1_000;
for await (const { index } of view) {
  if (waits ? index !== last + 1 : index <= last) outOfOrder += 1;
  last = index;
  seen += 1;
  budget -= 1;
  if (performance.now() > end || index === callbacks - 1) break;
  while (budget < 1) {
    await sleep(TICK_MS);
    budget += (perSecond * TICK_MS) / 1_000;
  }
}
stop();
console.log(JSON.stringify({ done: true, seen, last, outOfOrder, dropped: view.dropped }));
client.abort();
