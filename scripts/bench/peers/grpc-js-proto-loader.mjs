// @ts-check
import { once } from 'node:events';
import { resolve } from 'node:path';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const root = resolve(import.meta.dirname, '../../..');
const includeDirs = ['test/support/proto', 'proto'].map((folder) => resolve(root, folder));

/**
 * A client of grpc-js as the quick start of gRPC for Node has it, which reads the .proto file when it starts.
 *
 * @type {import('../types.js').Peer}
 */
export default {
  name: 'grpc-js-proto-loader',
  abilities: ['firstReply'],
  server: async () => (await import('./grpc-js.mjs')).default.server(),
  client: async (address) => (await import('./grpc-js.mjs')).default.client(address),
  async firstReply(address) {
    const loaded = /** @type {any} */ (grpc.loadPackageDefinition(loadSync('testing/v1/bench.proto', { includeDirs })));
    const client = new loaded.testing.v1.BenchStreamService(address, grpc.credentials.createInsecure());
    const stream = client.connect();
    stream.on('error', () => {});
    stream.write({ id: 1, increment: { value: 1 } });
    await once(stream, 'data');
  },
};
