// @ts-check
import { connect, createHost } from 'grpc-duplex';
import { importContract } from '../contract.mjs';
import { Counter } from '../tally.mjs';

/** Calls that are left alone before one is awaited: few enough for the calls that a session lets wait (1,024). */
const BURST = 1_000;

/** This library. One-way calls are left alone, but for every thousandth: awaiting that one is the backpressure. */
export default duplexPeer('grpc-duplex', BURST);

/**
 * This library, awaiting one of `burst` one-way calls.
 *
 * @param {string} name
 * @param {number} burst
 * @returns {import('../types.js').Peer}
 */
export function duplexPeer(name, burst) {
  return {
    name,
    abilities: ['sendTicks', 'receiveTicks', 'increment'],
    async server() {
      const { Bench } = await importContract();
      const host = createHost();
      host.add(Bench, (session) => {
        const counter = new Counter();
        return {
          tick: ({ value }) => counter.add(value),
          readTally: () => counter.take(),
          increment: ({ value }) => ({ value: value + 1 }),
          burst: ({ count }) => sendAll(count, burst, (value) => session.callback.ticked({ value })),
        };
      });
      return (await host.listen('127.0.0.1:0')).address;
    },
    async client(address) {
      const { Bench } = await importContract();
      const client = connect(Bench, address);
      const counter = new Counter();
      client.callbacks.ticked$.subscribe(({ value }) => counter.add(value));
      await client.open();
      const { service } = client;
      return {
        async sendTicks(count) {
          await sendAll(count, burst, (value) => service.tick({ value }));
          return service.readTally();
        },
        receiveTicks: (count) => counter.expect(count, () => service.burst({ count })),
        increment: (value) => service.increment({ value }),
        close: async () => {
          await client.close();
        },
      };
    },
  };
}

/**
 * @param {number} count
 * @param {number} burst
 * @param {(value: number) => import('grpc-duplex').Sent} send
 */
async function sendAll(count, burst, send) {
  for (let value = 0; value < count; ) {
    const last = Math.min(count, value + burst) - 1;
    while (value < last) void send(value++);
    await send(value++);
  }
}
