/**
 * Varints of up to 53 bits, written and read without bigint: sequence numbers
 * and call ids are counters that a JavaScript number holds exactly, and a
 * bigint per message would cost more than the message.
 */

const TWO_POW_32 = 0x1_0000_0000;

/** Bytes that `value`, a non-negative safe integer, takes as a varint: 1 to 8. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

/** Writes `value`, a non-negative safe integer, at `pos` and returns the position after it. */
export function writeVarint(bytes: Uint8Array, pos: number, value: number): number {
  let rest = value;
  while (rest >= TWO_POW_32) {
    bytes[pos++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  while (rest > 127) {
    bytes[pos++] = (rest & 127) | 0x80;
    rest >>>= 7;
  }
  bytes[pos++] = rest;
  return pos;
}

/** The value of the varint that was written at `pos`, below 2^31, and the position after it. */
export function readVarint(bytes: Uint8Array, pos: number): { value: number; end: number } {
  let value = 0;
  let end = pos;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[end++] as number;
    value |= (byte & 127) << shift;
    if (byte < 128) return { value, end };
  }
}
