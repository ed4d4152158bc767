// A service that calls back: node --import tsx producer.ts CALLBACKS SECONDS POLICY
// With `wait` as fast as it may, else so many in so much time, whatever its client says.
import { setTimeout as sleep } from 'node:timers/promises';
import { createHost } from '../../src/index.js';
import { Everything } from '../../test/support/gen/testing/v1/everything_duplex.js';
import { floodPolicy } from './policies.js';
import { sample } from './sample.js';

const [callbacks = 0, seconds = 0] = process.argv.slice(2, 4).map(Number);
const policy = floodPolicy(process.argv[4]);
let sent = 0;
let session: Everything.Session | undefined;

async function send({ callback }: Everything.Session): Promise<void> {
  for (; sent < callbacks; sent++) {
    // Awaited: a service that is faster than its client has to wait for it.
    if (policy === 'latest') callback.progressed({ percent: sent });
    else await callback.noted({ index: sent });
    if (policy !== 'wait') await untilDue(sent);
  }
}

const start = performance.now();
/** Waits until more than `count` are due. */
async function untilDue(count: number): Promise<void> {
  const dueAtMs = (count / callbacks) * seconds * 1_000;
  while (performance.now() - start < dueAtMs) await sleep(10);
}

const host = createHost({ onError: () => {} });
host.add(Everything, (opened) => {
  session = opened;
  // After the session is lost, which the consumer tells.
  void send(opened).catch(() => {});
  return {} as Everything.Handler;
});
const { address } = await host.listen('localhost:0');
console.log(JSON.stringify({ address }));
sample(() => ({ sent, spared: session?.counters.dropped ?? 0 }));
