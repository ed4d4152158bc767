// @ts-check
import { connect } from 'grpc-duplex/client';
import { importContract } from '../parts/contract.mjs';

/**
 * How the library is used.
 *
 * @typedef {object} How
 * @property {number} [burst] how many one-way calls come to one that is awaited
 * @property {boolean} [isChecked] whether what arrives must be in its order, or the process ends
 * @property {number} [resumeWindowMs]
 */

/** Calls that are left alone before one is awaited: few enough for the calls that a session lets wait (1,024). */
const BURST = 1_000;

/**
 * This library as a peer. A process that measures its first session imports no
 * more of the benchmark than that takes, like one of the peers in a single file.
 *
 * @param {string} name
 * @param {readonly import('../../types.js').Need[]} abilities
 * @param {How} [how]
 * @returns {import('../../types.js').Peer}
 */
export function duplexPeer(name, abilities, { burst = BURST, isChecked = false, ...options } = {}) {
  return {
    name,
    abilities,
    server: async () => (await import('./duplex-service.mjs')).serve(burst, isChecked, options),
    async firstReply(address) {
      const { Bench } = await importContract();
      await connect(Bench, address, options).service.increment({ value: 1 });
    },
    client: async (address) => (await import('./duplex-client.mjs')).duplexClient(address, burst, isChecked, options),
  };
}
