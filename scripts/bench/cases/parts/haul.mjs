// @ts-check
import { checkTally } from './check.mjs';

const MIB = 1024 * 1024;
const MS_PER_S = 1_000;

/**
 * A case of one-way messages with ballast.
 *
 * @param {string} name
 * @param {number} bytes of ballast in each
 * @param {number} atLeast what it has to reach of raw grpc-js
 * @returns {import('../../types.js').Case}
 */
export function haulCase(name, bytes, atLeast) {
  return {
    name,
    needs: 'haul',
    figures: [{ name, unit: 'MiB/s', targets: { 'grpc-js': { atLeast } } }],
    async run(client, count) {
      const start = performance.now();
      checkTally(await client.haul(count, bytes), count);
      return { [name]: ((count * bytes) / MIB / (performance.now() - start)) * MS_PER_S };
    },
  };
}
