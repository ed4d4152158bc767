// @ts-check
import { percentile } from '../../measuring/statistics.mjs';

/**
 * Connects so many times, each time when the connection before has closed:
 * the median of what it takes until `connect` resolves, in ms. How long
 * closing takes is not counted.
 *
 * @param {number} count
 * @param {() => Promise<() => Promise<void>>} connect resolves with what closes the connection
 */
export async function connectionTimes(count, connect) {
  const times = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    const leave = await connect();
    times[i] = performance.now() - start;
    await leave();
  }
  times.sort();
  return percentile(times, 50);
}
