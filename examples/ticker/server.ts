import { once } from 'node:events';
import { createHost } from 'grpc-duplex';
import { Ticker } from './gen/ticker/v1/ticker_duplex.js';
import { openMarket } from './market.js';
import { createTicker } from './ticker.js';

const host = createHost();
host.add(Ticker, createTicker(openMarket(['ACME', 'GLOBEX', 'INITECH'], 20)));

const { address } = await host.listen(process.argv[2] ?? 'localhost:50051');
console.log(`listening on ${address}`);

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await host.stop();
