// @ts-check
import { once } from 'node:events';
import net from 'node:net';
import { importMessages } from './parts/contract.mjs';
import { Records } from './parts/records.mjs';
import { Counter } from './parts/tally.mjs';

/** What a record is: a one-way message, or a call or its reply. Every one holds one number. */
const Kind = /** @type {const} */ ({ tick: 0, increment: 1, burst: 2, readCount: 3, readSum: 4 });

/**
 * The limit of what the message codec can do on this machine: no gRPC, no
 * sessions, no acknowledgements, no faults; but messages are gathered while a
 * write is in flight, as they are in the library.
 *
 * @type {import('../types.js').Peer}
 */
export default {
  name: 'tcp',
  abilities: ['sendTicks', 'receiveTicks', 'increment'],
  async server() {
    const { TickRequest } = await importMessages();
    const server = net.createServer({ noDelay: true }, (socket) => serve(new Records(socket, TickRequest)));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    return `${typeof address === 'object' ? address?.port : address}`;
  },
  async client(address) {
    const { TickRequest } = await importMessages();
    const socket = net.connect({ port: Number(address), host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    const records = new Records(socket, TickRequest);
    const counter = new Counter();
    /** @type {Map<number, (message: { value: number }) => void>} */
    const pending = new Map();
    let lastId = 0;
    /** @param {number} id @param {{ value: number }} message */
    const settle = (id, message) => {
      const resolve = pending.get(id);
      pending.delete(id);
      resolve?.(message);
    };
    records.listen(
      byKind({
        tick: (_, { value }) => counter.add(value),
        increment: settle,
        readCount: settle,
        readSum: settle,
      }),
    );
    /** @param {number} kind @param {number} value @returns {Promise<{ value: number }>} */
    const request = (kind, value) =>
      new Promise((resolve) => {
        pending.set(++lastId, resolve);
        records.send(kind, lastId, { value });
      });
    return {
      async sendTicks(count) {
        await sendAll(records, count);
        return { count: (await request(Kind.readCount, 0)).value, sum: (await request(Kind.readSum, 0)).value };
      },
      receiveTicks: (count) => counter.expect(count, () => records.send(Kind.burst, 0, { value: count })),
      increment: (value) => request(Kind.increment, value),
      close: () => void socket.end(),
    };
  },
};

/** @param {Records} records */
function serve(records) {
  const counter = new Counter();
  let tally = counter.take();
  records.listen(
    byKind({
      tick: (_, { value }) => counter.add(value),
      increment: (id, { value }) => records.send(Kind.increment, id, { value: value + 1 }),
      burst: (_, { value }) => void sendAll(records, value),
      readCount(id) {
        tally = counter.take();
        records.send(Kind.readCount, id, { value: tally.count });
      },
      readSum: (id) => records.send(Kind.readSum, id, { value: tally.sum }),
    }),
  );
}

/**
 * Both sides take what comes by a table. A switch over five kinds on one side
 * and one test on the other would be compiled so differently that the same
 * messages cost thrice as much in one direction as in the other.
 *
 * @param {Partial<Record<keyof typeof Kind, import('./parts/records.mjs').Handler>>} handlers
 */
function byKind(handlers) {
  return Object.keys(Kind).map((kind) => handlers[/** @type {keyof typeof Kind} */ (kind)] ?? (() => {}));
}

/** @param {Records} records @param {number} count */
async function sendAll(records, count) {
  for (let value = 0; value < count; value++) {
    if (!records.send(Kind.tick, 0, { value })) await records.ready();
  }
}
