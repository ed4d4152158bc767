// @ts-check
import { Pair } from '../measuring/pair.mjs';
import { shuffled } from '../measuring/statistics.mjs';
import { OURS } from '../registry.mjs';

const CLIENTS = 100;
const COUNT = 5_000;
const WARM_UPS = 3;
const FIGURE = 'stalled-client p99';
const ALL_WELL = 'no client stalled';

/** Calls of 99 clients while the service calls 100 back, of which one reads nothing any more. @type {import('../types.js').Case} */
export default {
  name: 'stalled-client',
  needs: 'callAmong',
  figures: [{ name: FIGURE, unit: 'µs', targets: { [ALL_WELL]: { atMost: 1.2 } } }],
  async measure(_, { generations, rounds }) {
    /** @type {Map<string, { [figure: string]: number[] }>} */
    const seen = new Map();
    for (let generation = 0; generation < generations; generation++) {
      const sides = await Promise.all(
        [OURS, ALL_WELL].map(async (name) => ({ name, pair: await Pair.start(OURS, 'stalled-client') })),
      );
      const p99 = (/** @type {typeof sides[number]} */ { name, pair }) =>
        pair.call('callAmong', CLIENTS, name === OURS ? 1 : 0, COUNT);
      for (const side of sides) for (let times = 0; times < WARM_UPS; times++) await p99(side);
      for (let round = 0; round < rounds; round++) {
        for (const side of shuffled(sides)) {
          const rounds = seen.get(side.name)?.[FIGURE] ?? [];
          seen.set(side.name, { [FIGURE]: [...rounds, await p99(side)] });
        }
      }
      await Promise.all(sides.map(({ pair }) => pair.stop()));
    }
    return seen;
  },
};
