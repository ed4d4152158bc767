// @ts-check
import { importMessages } from './parts/contract.mjs';
import { callsByIterables } from './parts/iterable-calls.mjs';
import { installPackages, requirePackage } from './parts/packages.mjs';

/**
 * A bidirectional stream of nice-grpc: async iterables over grpc-js.
 *
 * @type {import('../types.js').Peer}
 */
export default {
  name: 'nice-grpc',
  abilities: ['increment'],
  prepare: installPackages,
  async server() {
    const { createServer } = requirePackage('nice-grpc');
    const server = createServer();
    server.add(await definition(), {
      async *connect(/** @type {AsyncIterable<any>} */ requests) {
        for await (const { id, content } of requests) {
          yield { id, content: { $case: 'incremented', value: { value: content.value.value + 1 } } };
        }
      },
    });
    return `127.0.0.1:${await server.listen('127.0.0.1:0')}`;
  },
  async client(address) {
    const { createChannel, createClient } = requirePackage('nice-grpc');
    const channel = createChannel(address);
    const { connect } = createClient(await definition(), channel);
    const calls = callsByIterables(
      connect,
      (id, value) => ({ id, content: { $case: 'increment', value: { value } } }),
      ({ id, content }) => ({ id, reply: content.value }),
    );
    return {
      increment: calls.increment,
      close() {
        calls.end();
        channel.close();
      },
    };
  },
};

async function definition() {
  const { BenchEnvelope } = await importMessages();
  return {
    name: 'BenchStreamService',
    fullName: 'testing.v1.BenchStreamService',
    methods: {
      connect: {
        name: 'Connect',
        requestType: BenchEnvelope,
        requestStream: true,
        responseType: BenchEnvelope,
        responseStream: true,
        options: {},
      },
    },
  };
}
