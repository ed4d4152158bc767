// @ts-check

/**
 * Sends 0 … count - 1 and leaves each call alone but for the last one of so
 * many, which is awaited.
 *
 * @param {number} count
 * @param {number} burst
 * @param {(value: number) => import('grpc-duplex').Sent} send
 */
export async function sendAll(count, burst, send) {
  for (let value = 0; value < count; ) {
    const last = Math.min(count, value + burst) - 1;
    while (value < last) void send(value++);
    await send(value++);
  }
}
