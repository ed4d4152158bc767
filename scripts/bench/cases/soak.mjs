// @ts-check
import { Pair } from '../measuring/pair.mjs';
import { OURS } from '../registry.mjs';

const SLICE_MS = 2_000;
const COUNT = 200_000;
/** What comes before is warming up. */
const SKIPPED = 0.2;
const MIN_SLICES = 10;

/** Full load in both directions: what the heaps grow by. Takes ten minutes. @type {import('../types.js').Case} */
export default {
  name: 'soak',
  needs: 'sendTicks',
  onDemand: true,
  figures: ['client', 'server'].map((side) => ({
    name: `soak ${side}`,
    unit: 'KiB/min',
    targets: {},
    // Less than the collector leaves lying about from one look to the next.
    below: 64,
  })),
  async measure(_, { soakMs }) {
    const pair = await Pair.start(OURS, 'soak');
    /** @type {{ client: [number, number][], server: [number, number][] }} */
    const seen = { client: [], server: [] };
    for (const start = performance.now(); performance.now() - start < soakMs; ) {
      const end = performance.now() + SLICE_MS;
      while (performance.now() < end) {
        await pair.call('sendTicks', COUNT);
        await pair.call('receiveTicks', COUNT);
      }
      for (const side of /** @type {const} */ (['client', 'server'])) {
        seen[side].push([(performance.now() - start) / 60_000, (await pair.memory(side)).heap / 1_024]);
      }
    }
    await pair.stop();
    return new Map([[OURS, { 'soak client': [slope(seen.client)], 'soak server': [slope(seen.server)] }]]);
  },
};

/** The slope of the line that fits best. @param {[number, number][]} all */
function slope(all) {
  const points = all.slice(all.length < MIN_SLICES ? 1 : Math.floor(all.length * SKIPPED));
  const x = points.reduce((sum, [at]) => sum + at, 0) / points.length;
  const y = points.reduce((sum, [, value]) => sum + value, 0) / points.length;
  const rise = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0);
  return rise / points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
}
