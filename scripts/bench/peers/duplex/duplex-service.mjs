// @ts-check
import { setImmediate as turn } from 'node:timers/promises';
import { createHost } from 'grpc-duplex';
import { importContract } from '../parts/contract.mjs';
import { Counter } from '../parts/tally.mjs';
import { OrderedCounter, Sequence } from './in-order.mjs';
import { sendAll } from './send-all.mjs';

/** @typedef {import('../../../../test/support/gen/testing/v1/bench_duplex.js').Bench.Handler} Handler */

/**
 * This library's service of the benchmark. Returns where it listens.
 *
 * @param {number} burst how many one-way calls come to one that is awaited
 * @param {boolean} isChecked whether what arrives must be in its order, or the process ends
 * @param {{ resumeWindowMs?: number }} options
 */
export async function serve(burst, isChecked, options) {
  const host = createHost(options);
  /** @type {Counter[]} */
  const counters = [];
  const { Bench, Greeting } = await importContract();
  const bench = host.add(Bench, (session) => {
    everybody.add(session);
    const counter = isChecked ? new OrderedCounter() : new Counter();
    counters.push(counter);
    const calls = new Sequence();
    /** @type {Handler} */
    const handler = {
      tick: ({ value }) => counter.add(value),
      haul: ({ value }) => counter.add(value),
      readTally: () => counter.take(),
      increment({ value }) {
        if (isChecked) calls.next(value);
        return { value: value + 1 };
      },
      burst: ({ count }) => sendAll(count, burst, (value) => session.callback.ticked({ value })),
      *countUp({ count }) {
        for (let value = 0; value < count; value++) yield { value };
      },
      async broadcast({ count, burst: each }) {
        for (let value = 0; value < count; value += each) {
          for (let i = 0; i < each; i++) everybody.callback.ticked({ value: value + i });
          await turn();
        }
      },
      readTotal: () => ({ count: counters.reduce((sum, { total }) => sum + total, 0), atMs: performance.now() }),
      tell: ({ value }) => everybody.callback.told({ value }),
    };
    return handler;
  });
  const everybody = bench.group();
  host.add(Greeting, (session) => {
    void session.callback.greeted({ value: 1 });
    return { thank() {} };
  });
  return (await host.listen('127.0.0.1:0')).address;
}
