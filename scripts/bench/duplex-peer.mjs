// @ts-check
import { setImmediate as turn } from 'node:timers/promises';
import { connect, createHost } from 'grpc-duplex';
import { importContract } from './contract.mjs';
import { cutProxy } from './cut-proxy.mjs';
import { Counter } from './tally.mjs';

/** Calls that are left alone before one is awaited: few enough for the calls that a session lets wait (1,024). */
const BURST = 1_000;

/** @typedef {Awaited<ReturnType<typeof open>>} Connection */

/**
 * This library as a peer.
 *
 * @param {string} name
 * @param {readonly string[]} abilities
 * @param {{ burst?: number, resumeWindowMs?: number }} [options] how many one-way calls come to one that is awaited
 * @returns {import('./types.js').Peer}
 */
export function duplexPeer(name, abilities, { burst = BURST, ...options } = {}) {
  return {
    name,
    abilities: /** @type {import('./types.js').Ability[]} */ (abilities),
    server: () => serve(burst, options),
    async client(address) {
      const main = await open(address, options);
      /** @type {Connection[]} */
      const all = [main];
      const { client, counter } = main;
      const { service } = client;
      const openUpTo = async (/** @type {number} */ count) => {
        while (all.length < count) all.push(await open(address, options, counter));
        return all.slice(0, count);
      };
      return {
        sendTicks: (count) => main.send(count, (value) => service.tick({ value }), burst),
        receiveTicks: (count) => counter.expect(count, () => service.burst({ count })),
        increment: (value) => service.increment({ value }),
        countUp: (count) => readAll(service.countUp({ count })),
        haul: (count, bytes) => {
          const ballast = new Uint8Array(bytes).fill(7);
          // A thousand large ones would not fit where calls wait.
          const alone = bytes > 1_024 ? 1 : burst;
          return main.send(count, (value) => service.haul({ value, ballast }), alone);
        },
        async firstCallback() {
          const fresh = connect(await contract(), address, options);
          await new Promise((resolve) => {
            fresh.callbacks.ticked$.subscribe(resolve);
            void fresh.service.burst({ count: 1 });
          });
          void fresh.close();
        },
        async openIdle(count) {
          await openUpTo(all.length + count);
        },
        async broadcast(connections, count, each) {
          await openUpTo(connections);
          await counter.expect(connections * count, () => service.broadcast({ count, burst: each }));
        },
        async sendTicksOver(connections, count) {
          const share = count / connections;
          const sessions = await openUpTo(connections);
          const tallies = await Promise.all(
            sessions.map(({ client: { service: to }, send }, index) =>
              send(share, (value) => to.tick({ value: value + index * share }), burst),
            ),
          );
          return tallies.reduce((a, b) => ({ count: a.count + b.count, sum: a.sum + b.sum }));
        },
        resumeAfterCut: await cutter(address, options),
        close: async () => {
          await Promise.all(all.map((connection) => connection.client.close()));
        },
      };
    },
  };
}

async function contract() {
  return (await importContract()).Bench;
}

/** @param {number} burst @param {{ resumeWindowMs?: number }} options */
async function serve(burst, options) {
  const host = createHost(options);
  const { sessions } = host.add(await contract(), (session) => {
    const counter = new Counter();
    return {
      tick: ({ value }) => counter.add(value),
      haul: ({ value }) => counter.add(value),
      readTally: () => counter.take(),
      increment: ({ value }) => ({ value: value + 1 }),
      burst: ({ count }) => sendAll(count, burst, (value) => session.callback.ticked({ value })),
      *countUp({ count }) {
        for (let value = 0; value < count; value++) yield { value };
      },
      async broadcast({ count, burst: each }) {
        for (let value = 0; value < count; value += each) {
          const last = [...sessions.values()].map(({ callback }) => {
            for (let i = 1; i < each; i++) void callback.ticked({ value: value + i });
            return callback.ticked({ value });
          });
          await Promise.all(last);
          await turn();
        }
      },
    };
  });
  return (await host.listen('127.0.0.1:0')).address;
}

/**
 * One more session, which is open.
 *
 * @param {string} address
 * @param {{ resumeWindowMs?: number }} options
 */
async function open(address, options, counter = new Counter()) {
  const client = connect(await contract(), address, options);
  client.callbacks.ticked$.subscribe(({ value }) => counter.add(value));
  await client.open();
  /** @param {number} count @param {(value: number) => import('grpc-duplex').Sent} one @param {number} burst */
  const send = async (count, one, burst) => {
    await sendAll(count, burst, one);
    return client.service.readTally();
  };
  return { client, counter, send };
}

/** @param {string} address @param {{ resumeWindowMs?: number }} options */
async function cutter(address, options) {
  /** @type {{ proxy: Awaited<ReturnType<typeof cutProxy>>, client: Connection['client'] } | undefined} */
  let cut;
  return async () => {
    if (cut === undefined) {
      const proxy = await cutProxy(address);
      cut = { proxy, client: (await open(proxy.address, options)).client };
    }
    await cut.client.service.increment({ value: 1 });
    cut.proxy.cut();
    const start = performance.now();
    await cut.client.service.increment({ value: 1 });
    return performance.now() - start;
  };
}

/** @param {import('rxjs').Observable<{ value: number }>} items @returns {Promise<import('./types.js').Tally>} */
function readAll(items) {
  const counter = new Counter();
  return new Promise((resolve, reject) => {
    items.subscribe({
      next: ({ value }) => counter.add(value),
      error: reject,
      complete: () => resolve(counter.take()),
    });
  });
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
