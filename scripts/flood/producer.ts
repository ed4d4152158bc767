// A service that calls back as fast as it may: node --import tsx producer.ts CALLBACKS
import { createHost } from '../../src/index.js';
import { Everything } from '../../test/support/gen/testing/v1/everything_duplex.js';
import { sample } from './sample.js';

const callbacks = Number(process.argv[2]);
let sent = 0;
const host = createHost({ onError: () => {} });
host.add(Everything, (session) => {
  void (async () => {
    // Awaited: a service that is faster than its client has to wait for it.
    for (; sent < callbacks; sent++) await session.callback.noted({ index: sent });
  })().catch(() => {});
  return {} as Everything.Handler;
});
const { address } = await host.listen('localhost:0');
console.log(JSON.stringify({ address }));
sample(() => ({ sent }));
