// A client that does nothing but listen, in a process of its own: node --import tsx listening-client.ts ADDRESS [BACKOFF_MS]
import { connect } from 'grpc-duplex';
import { Everything } from './gen/testing/v1/everything_duplex.js';

const [address = '', backoffMs = '100'] = process.argv.slice(2);
const client = connect(Everything, address, {
  backoff: { firstMs: Number(backoffMs), maxMs: 3_600_000 },
  resumeWindowMs: 3_600_000,
});
client.status$.subscribe((status) => console.log(status));
client.callbacks.noted$.subscribe(({ text }) => console.log(text));
process.once('SIGTERM', () => client.abort());
