// @ts-check
import { checkIncrement } from './check.mjs';

const US_PER_MS = 1_000;

/**
 * Makes calls with the values 0 … count - 1; each caller awaits its reply
 * before the next one. Returns what they took in µs, shortest first.
 *
 * @param {number} count
 * @param {readonly ((value: number) => Promise<{ readonly value: number }>)[]} callers
 */
export async function callTimes(count, callers) {
  const times = new Float64Array(count);
  let next = 0;
  await Promise.all(
    callers.map(async (call) => {
      while (next < count) {
        const value = next++;
        const start = performance.now();
        const reply = await call(value);
        times[value] = (performance.now() - start) * US_PER_MS;
        checkIncrement(reply, value);
      }
    }),
  );
  return times.sort();
}
