// @ts-check
import { percentile } from '../measuring/statistics.mjs';

/** After a cut, when the link is back at once: until a call is answered again. @type {import('../types.js').Case} */
export default {
  name: 'resume',
  needs: 'resumeAfterCut',
  figures: [
    { name: 'resume p50', unit: 'ms', targets: {} },
    { name: 'resume p99', unit: 'ms', targets: {}, below: 200 },
  ],
  async run(client, count) {
    const times = new Float64Array(Math.max(count, 20));
    for (let i = 0; i < times.length; i++) times[i] = await client.resumeAfterCut();
    times.sort();
    return { 'resume p50': percentile(times, 50), 'resume p99': percentile(times, 99) };
  },
};
