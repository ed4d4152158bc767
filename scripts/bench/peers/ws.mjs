// @ts-check
import { once } from 'node:events';
import { installPackages, requirePackage } from './parts/packages.mjs';
import { Counter } from './parts/tally.mjs';

/** Bytes that may wait to be written before the sender is held up. */
const MAX_BUFFERED = 65_536;

/**
 * A WebSocket with messages in JSON, and ids that pair replies with requests.
 *
 * @type {import('../types.js').Peer}
 */
export default {
  name: 'ws',
  abilities: ['sendTicks', 'receiveTicks', 'increment'],
  prepare: installPackages,
  async server() {
    const { WebSocketServer } = requirePackage('ws');
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.on('connection', (/** @type {any} */ socket) => {
      const counter = new Counter();
      socket.on('message', (/** @type {Buffer} */ bytes) => {
        const { type, id, value } = JSON.parse(bytes.toString());
        if (type === 'tick') counter.add(value);
        else if (type === 'increment') socket.send(JSON.stringify({ id, reply: { value: value + 1 } }));
        else if (type === 'readTally') socket.send(JSON.stringify({ id, reply: counter.take() }));
        else if (type === 'burst') void sendAll(socket, 'ticked', value);
      });
    });
    await once(server, 'listening');
    return `ws://127.0.0.1:${server.address().port}`;
  },
  async client(address) {
    const { WebSocket } = requirePackage('ws');
    const socket = new WebSocket(address);
    const counter = new Counter();
    /** @type {Map<number, (reply: any) => void>} */
    const pending = new Map();
    let lastId = 0;
    socket.on('message', (/** @type {Buffer} */ bytes) => {
      const { id, reply, value } = JSON.parse(bytes.toString());
      if (id === undefined) return counter.add(value);
      pending.get(id)?.(reply);
      pending.delete(id);
    });
    await once(socket, 'open');
    /** @param {string} type @param {number} [value] @returns {Promise<any>} */
    const request = (type, value) =>
      new Promise((resolve) => {
        pending.set(++lastId, resolve);
        socket.send(JSON.stringify({ type, id: lastId, value }));
      });
    return {
      async sendTicks(count) {
        await sendAll(socket, 'tick', count);
        return request('readTally');
      },
      receiveTicks: (count) =>
        counter.expect(count, () => socket.send(JSON.stringify({ type: 'burst', value: count }))),
      increment: (value) => request('increment', value),
      close: () => socket.close(),
    };
  },
};

/** @param {any} socket @param {string} type @param {number} count */
async function sendAll(socket, type, count) {
  for (let value = 0; value < count; value++) {
    const message = JSON.stringify({ type, value });
    if (socket.bufferedAmount < MAX_BUFFERED) socket.send(message);
    else await new Promise((resolve) => socket.send(message, resolve));
  }
}
