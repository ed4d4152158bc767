// @ts-check
import { percentile } from '../measuring/statistics.mjs';

/** From `connect` to the first message of the server, over a new connection; the one before has closed. @type {import('../types.js').Case} */
export default {
  name: 'first-callback',
  needs: 'firstCallback',
  figures: [{ name: 'first-callback', unit: 'ms', targets: { 'grpc-js': { atMost: 1.3 } } }],
  async run(client, count) {
    const times = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const start = performance.now();
      const leave = await client.firstCallback();
      times[i] = performance.now() - start;
      await leave();
    }
    times.sort();
    return { 'first-callback': percentile(times, 50) };
  },
};
