// @ts-check
import { setTimeout } from 'node:timers/promises';
import { connect } from 'grpc-duplex';
import { callTimes } from '../../cases/parts/call-times.mjs';
import { checkTally } from '../../cases/parts/check.mjs';
import { percentile } from '../../measuring/statistics.mjs';
import { importContract } from '../parts/contract.mjs';
import { Counter } from '../parts/tally.mjs';
import { cutProxy } from './cut-proxy.mjs';
import { OrderedCounter } from './in-order.mjs';
import { sendAll } from './send-all.mjs';

const CLOSED_AT_ONCE = 100;

/** @typedef {Awaited<ReturnType<typeof open>>} Connection */

/**
 * This library as a client, with a session that is open.
 *
 * @param {string} address
 * @param {number} burst how many one-way calls come to one that is awaited
 * @param {boolean} isChecked whether what arrives must be in its order
 * @param {{ resumeWindowMs?: number }} options
 * @returns {Promise<import('../../types.js').BenchClient>}
 */
export async function duplexClient(address, burst, isChecked, options) {
  const Tallied = isChecked ? OrderedCounter : Counter;
  const main = await open(address, options, new Tallied());
  const { Greeting: greeting } = await importContract();
  const all = [main];
  const { client, counter, contract } = main;
  const { service } = client;
  const openUpTo = async (/** @type {number} */ count) => {
    while (all.length < count) all.push(await open(address, options, counter));
    return all.slice(0, count);
  };
  return {
    sendTicks: (count) => main.send(count, (value) => service.tick({ value }), burst),
    receiveTicks: (count) => counter.expect(count, () => service.burst({ count })),
    increment: (value) => service.increment({ value }),
    countUp: (count) => readAll(service.countUp({ count }), new Tallied()),
    haul: (count, bytes) => {
      const ballast = new Uint8Array(bytes).fill(7);
      // A thousand large ones would not fit where calls wait.
      const alone = bytes > 1_024 ? 1 : burst;
      return main.send(count, (value) => service.haul({ value, ballast }), alone);
    },
    async firstCallback() {
      const fresh = connect(contract, address, options);
      await new Promise((resolve) => {
        fresh.callbacks.ticked$.subscribe(resolve);
        void fresh.service.burst({ count: 1 });
      });
      return async () => void (await fresh.close());
    },
    async firstGreeting() {
      const fresh = connect(greeting, address, options);
      await new Promise((resolve) => {
        fresh.callbacks.greeted$.subscribe(resolve);
      });
      return async () => void (await fresh.close());
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
    sendTicksFor: steadily(address, options, openUpTo, burst),
    recode: async (count) => (await import('./envelope-codec.mjs')).recode(count),
    callAmong: among(address, options, openUpTo),
    resumeAfterCut: cutter(address, options),
    async close() {
      // Thousands at once would take longer than one may.
      while (all.length > 0) await Promise.all(all.splice(0, CLOSED_AT_ONCE).map((each) => each.client.close()));
    },
  };
}

/**
 * One more session, which is open.
 *
 * @param {string} address
 * @param {{ resumeWindowMs?: number }} options
 */
async function open(address, options, counter = new Counter()) {
  const { Bench: contract } = await importContract();
  const client = connect(contract, address, options);
  client.callbacks.ticked$.subscribe(({ value }) => counter.add(value));
  client.callbacks.told$.subscribe();
  await client.open();
  /** @param {number} count @param {(value: number) => import('grpc-duplex').Sent} one @param {number} burst */
  const send = async (count, one, burst) => {
    await sendAll(count, burst, one);
    return client.service.readTally();
  };
  return { client, contract, counter, send };
}

/** @param {string} address @param {{ resumeWindowMs?: number }} options */
function cutter(address, options) {
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

/**
 * One-way messages of so many sessions, each of which sends as fast as
 * backpressure lets it all the time: how many the service counts in a second,
 * from the moment on when it has been going on for `rampMs`, for so long.
 *
 * @param {string} address
 * @param {{ resumeWindowMs?: number }} options
 * @param {(count: number) => Promise<Connection[]>} openUpTo
 * @param {number} burst
 */
function steadily(address, options, openUpTo, burst) {
  /** Asks how far the service is; a session under load would answer when it is through with that. @type {Connection | undefined} */
  let watcher;
  /** @param {number} connections @param {number} rampMs @param {number} ms */
  return async (connections, rampMs, ms) => {
    const sessions = await openUpTo(connections);
    watcher ??= await open(address, options);
    const { readTotal } = watcher.client.service;
    let goesOn = true;
    const loads = sessions.map(async ({ client: { service } }) => {
      let sent = 0;
      while (goesOn) {
        await sendAll(burst, burst, (value) => service.tick({ value: sent + value }));
        sent += burst;
      }
      checkTally(await service.readTally(), sent);
    });
    await setTimeout(rampMs);
    const before = await readTotal();
    await setTimeout(ms);
    const after = await readTotal();
    goesOn = false;
    await Promise.all(loads);
    return ((after.count - before.count) / (after.atMs - before.atMs)) * 1_000;
  };
}

/**
 * Calls of all connections but one, each one call at a time, while the service
 * tells everybody of every call of the first one: the 99th percentile of their
 * times in µs.
 *
 * @param {string} address
 * @param {{ resumeWindowMs?: number }} options
 * @param {(count: number) => Promise<Connection[]>} openUpTo
 */
function among(address, options, openUpTo) {
  let isThere = false;
  /** @param {number} connections @param {number} stalled @param {number} count */
  return async (connections, stalled, count) => {
    const others = await openUpTo(connections - 1);
    if (!isThere) {
      isThere = true;
      const proxy = await cutProxy(address);
      await open(proxy.address, options);
      if (stalled > 0) proxy.stall();
    }
    const callers = others.map(({ client: { service } }, index) => (/** @type {number} */ value) => {
      if (index === 0) void service.tell({ value });
      return service.increment({ value });
    });
    return percentile(await callTimes(count, callers), 99);
  };
}

/**
 * @param {import('rxjs').Observable<{ value: number }>} items
 * @param {Counter} counter
 * @returns {Promise<import('../../types.js').Tally>}
 */
function readAll(items, counter) {
  return new Promise((resolve, reject) => {
    items.subscribe({
      next: ({ value }) => counter.add(value),
      error: reject,
      complete: () => resolve(counter.take()),
    });
  });
}
