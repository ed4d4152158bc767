// The service of a chaos run, in a process of its own; started by run.ts.
import { ServerCredentials } from '@grpc/grpc-js';
import { createHost, type SessionEnd } from '../../src/index.js';
import { Everything } from '../../test/support/gen/testing/v1/everything_duplex.js';
import { heapBytes } from './heap.js';
import { History } from './history.js';
import type { News, Order, ServicePlan } from './messages.js';
import { Served } from './served.js';
import { heartbeats, resumeWindowMs } from './settings.js';

const tell = (news: News): void => {
  process.send?.(news);
};
const violated = (what: string): void => tell({ news: 'violation', what: `service: ${what}` });

async function serve({ log, host: at, cert, key }: ServicePlan): Promise<void> {
  const history = new History(log);
  const ended = (run: string, end: SessionEnd): void => tell({ news: 'ended', run, end, at: Date.now() });
  // What ends with a killed client is in the logs; the checkers judge it.
  const host = createHost({ ...heartbeats, resumeWindowMs, onError: () => {} });
  host.add(Everything, (session) => new Served(session, { history, violated, ended }) as unknown as Everything.Handler);
  const plain = await host.listen(`${at}:0`);
  const pair = { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) };
  const tls = await host.listen(`${at}:0`, { credentials: ServerCredentials.createSsl(null, [pair]) });
  tell({ news: 'serving', plainPort: plain.port, tlsPort: tls.port });
  process.on('message', ({ order }: Order) => {
    if (order === 'weigh') tell({ news: 'weight', heapBytes: heapBytes() });
    if (order !== 'finish') return;
    void host.stop().then(() => {
      tell({ news: 'finished' });
      process.disconnect();
    });
  });
}

process.once('message', (message: Order) => {
  if (message.order === 'serve') void serve(message.plan);
});
process.on('disconnect', () => process.exit());
process.on('unhandledRejection', (error) => violated(`unhandled rejection: ${error}`));
