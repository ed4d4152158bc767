// @ts-check
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { installPackages, requirePackage } from './parts/packages.mjs';
import { Counter } from './parts/tally.mjs';

/** Messages that are left alone before one is acknowledged: Socket.IO has no other backpressure. */
const BURST = 1_000;

/**
 * Socket.IO over WebSocket with its own encoding.
 *
 * @type {import('../types.js').Peer}
 */
export default {
  name: 'socket.io',
  abilities: ['sendTicks', 'receiveTicks', 'increment', 'broadcast'],
  prepare: installPackages,
  async server() {
    const { Server } = requirePackage('socket.io');
    const http = createServer();
    const io = new Server(http, { transports: ['websocket'] });
    io.on('connection', (/** @type {any} */ socket) => {
      const counter = new Counter();
      socket.on('tick', (/** @type {number} */ value, /** @type {(() => void) | undefined} */ taken) => {
        counter.add(value);
        taken?.();
      });
      socket.on('increment', (/** @type {number} */ value, /** @type {any} */ reply) => reply({ value: value + 1 }));
      socket.on('readTally', (/** @type {any} */ reply) => reply(counter.take()));
      socket.on('burst', (/** @type {number} */ count) => sendAll(socket, 'ticked', count));
      socket.on('broadcast', async (/** @type {number} */ count, /** @type {number} */ burst) => {
        for (let value = 0; value < count; value += burst) {
          for (let i = 0; i < burst; i++) io.emit('ticked', value + i);
          await turn();
        }
      });
    });
    await once(http.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (http.address()).port}`;
  },
  async client(address) {
    const { io } = requirePackage('socket.io-client');
    const counter = new Counter();
    const open = async () => {
      const socket = io(address, { transports: ['websocket'], forceNew: true });
      socket.on('ticked', (/** @type {number} */ value, /** @type {(() => void) | undefined} */ taken) => {
        counter.add(value);
        taken?.();
      });
      await new Promise((resolve) => socket.on('connect', resolve));
      return socket;
    };
    const all = [await open()];
    const [socket] = all;
    return {
      async sendTicks(count) {
        await sendAll(socket, 'tick', count);
        return socket.emitWithAck('readTally');
      },
      receiveTicks: (count) => counter.expect(count, () => socket.emit('burst', count)),
      increment: (value) => socket.emitWithAck('increment', value),
      async broadcast(connections, count, burst) {
        while (all.length < connections) all.push(await open());
        await counter.expect(connections * count, () => socket.emit('broadcast', count, burst));
      },
      close() {
        for (const each of all) each.close();
      },
    };
  },
};

/** @param {any} socket @param {string} event @param {number} count */
async function sendAll(socket, event, count) {
  for (let value = 0; value < count; value++) {
    if (value % BURST === BURST - 1) await socket.emitWithAck(event, value);
    else socket.emit(event, value);
  }
}
