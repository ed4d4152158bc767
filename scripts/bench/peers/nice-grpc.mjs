// @ts-check
import { importMessages } from '../contract.mjs';
import { installPackages, requirePackage } from '../packages.mjs';

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
    /** @type {Map<number, (reply: any) => void>} */
    const pending = new Map();
    let lastId = 0;
    /** @type {any[]} */
    let queue = [];
    let wake = () => {};
    let isOver = false;
    async function* requests() {
      while (!isOver) {
        const sent = queue;
        queue = [];
        yield* sent;
        if (queue.length === 0 && !isOver) {
          await new Promise((resolve) => {
            wake = () => resolve(undefined);
          });
        }
      }
    }
    const replies = createClient(await definition(), channel).connect(requests());
    void (async () => {
      for await (const { id, content } of replies) {
        pending.get(id)?.(content.value);
        pending.delete(id);
      }
    })().catch((error) => {
      if (!isOver) throw error;
    });
    return {
      increment: (value) =>
        new Promise((resolve) => {
          pending.set(++lastId, resolve);
          queue.push({ id: lastId, content: { $case: 'increment', value: { value } } });
          wake();
        }),
      close() {
        isOver = true;
        wake();
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
