// @ts-check
import { Pair } from '../../measuring/pair.mjs';
import { perSecond, shuffled } from '../../measuring/statistics.mjs';

const THOROUGH = 1_000;
const QUICK = 200;
const WARM_UPS = 3;
const MAX_ROUNDS = 10;
/** Fewer messages for each connection are over before a round has begun. */
const MIN_COUNT = 50;

/**
 * A case in which the server sends the same to many connections.
 *
 * @param {string} name
 * @param {number} burst messages to each before the next turn of the event loop
 * @param {import('../../types.js').Figure['targets']} targets
 * @returns {import('../../types.js').Case}
 */
export function broadcastCase(name, burst, targets) {
  return {
    name,
    needs: 'broadcast',
    figures: [{ name, headline: `to 1,000 clients at once, ${burst} at a time`, unit: 'messages/s', targets }],
    async measure(names, { generations, rounds }) {
      const connections = generations > 1 ? THOROUGH : QUICK;
      const pairs = await Promise.all(names.map((peer) => Pair.start(peer, name)));
      const count = Math.max(5 * burst, MIN_COUNT);
      for (const pair of pairs) {
        for (let times = 0; times < WARM_UPS; times++) await pair.call('broadcast', connections, count, burst);
      }
      /** @type {Map<string, { [name: string]: number[] }>} */
      const peers = new Map(names.map((peer) => [peer, { [name]: [] }]));
      for (let round = 0; round < Math.min(MAX_ROUNDS, rounds * generations); round++) {
        for (const pair of shuffled(pairs)) {
          const start = performance.now();
          await pair.call('broadcast', connections, count, burst);
          peers.get(pair.name)?.[name]?.push(perSecond(connections * count, start));
        }
      }
      await Promise.all(pairs.map((pair) => pair.stop()));
      return peers;
    },
    async load(pair, ms) {
      const end = performance.now() + ms;
      do await pair.call('broadcast', THOROUGH, MIN_COUNT, burst);
      while (performance.now() < end);
    },
  };
}
