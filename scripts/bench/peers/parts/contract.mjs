// @ts-check
// The contract of the benchmark as its processes import it: its messages alone, which is all that raw gRPC needs, or
// the duplex contract with them. compile-contract.mjs compiles both.
import { resolve } from 'node:path';

/** @typedef {import('../../../../test/support/gen/testing/v1/bench.js').BenchEnvelope} BenchEnvelope */

/** Where the two modules are. */
export const compiled = resolve(import.meta.dirname, '../../../../.cache/bench/contract');

/** The codecs. @returns {Promise<typeof import('../../../../test/support/gen/testing/v1/bench.js')>} */
export function importMessages() {
  return import(`${compiled}/messages.mjs`);
}

/** The contract, as `Bench`. @returns {Promise<typeof import('../../../../test/support/gen/testing/v1/bench_duplex.js')>} */
export function importContract() {
  return import(`${compiled}/contract.mjs`);
}
