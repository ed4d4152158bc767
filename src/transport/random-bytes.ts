/** So many are asked for at a time. */
const POOL_BYTES = 4_096;

const pool = new Uint8Array(POOL_BYTES);
let taken = POOL_BYTES;

/**
 * `length` unpredictable bytes, for nonces and tokens; 4,096 at most. They are
 * asked for many at a time, which takes no longer than for 16: a twentieth of
 * what a service does to open a session. What is given away is kept nowhere else.
 */
export function randomBytes(length: number): Uint8Array {
  if (length > POOL_BYTES) throw new RangeError(`${length} random bytes at once: ${POOL_BYTES} at most`);
  if (taken + length > POOL_BYTES) {
    crypto.getRandomValues(pool);
    taken = 0;
  }
  const bytes = pool.slice(taken, taken + length);
  pool.fill(0, taken, taken + length);
  taken += length;
  return bytes;
}
