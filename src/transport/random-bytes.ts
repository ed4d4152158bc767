/** So many are asked for at a time. */
const POOL_BYTES = 4_096;

const pool = new Uint8Array(POOL_BYTES);
let taken = POOL_BYTES;

/**
 * Up to 4,096 unpredictable bytes, for nonces and tokens. They are asked for
 * many at a time, which takes as long as it takes for 16, a twentieth of what a
 * service does to open a session. What is given away is kept nowhere else.
 */
export function randomBytes(length: number): Uint8Array {
  if (taken + length > POOL_BYTES) {
    crypto.getRandomValues(pool);
    taken = 0;
  }
  const bytes = pool.slice(taken, taken + length);
  pool.fill(0, taken, taken + length);
  taken += length;
  return bytes;
}
