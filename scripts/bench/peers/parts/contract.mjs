// @ts-check
// What the processes of the benchmark import that is compiled for them, by compile-contract.mjs: the messages of its
// contract alone, which is all that raw gRPC needs, or the duplex contract with them; and the envelope's codec.
import { resolve } from 'node:path';

/** @typedef {import('../../../../test/support/gen/testing/v1/bench.js').BenchEnvelope} BenchEnvelope */

/** Where the modules are. */
export const compiled = resolve(import.meta.dirname, '../../../../.cache/bench/contract');

/** The codecs. @returns {Promise<typeof import('../../../../test/support/gen/testing/v1/bench.js')>} */
export function importMessages() {
  return import(`${compiled}/messages.mjs`);
}

/** The contract, as `Bench`. @returns {Promise<typeof import('../../../../test/support/gen/testing/v1/bench_duplex.js')>} */
export function importContract() {
  return import(`${compiled}/contract.mjs`);
}

/**
 * The library's own codec, to which the package has no door.
 *
 * @returns {Promise<typeof import('../../../../src/wire/item-encoder.js')
 *   & typeof import('../../../../src/wire/batch.js') & typeof import('../../../../src/wire/frame-decoder.js')>}
 */
export function importCodec() {
  return import(`${compiled}/codec.mjs`);
}
