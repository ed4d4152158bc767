// @ts-check
// The library's own envelope codec, which no user calls: a request in a frame of its own, written and read again.
import { importCodec, importMessages } from '../parts/contract.mjs';

/** The number of `increment` in the envelope. */
const INCREMENT = 103;

/**
 * Encodes and decodes envelopes with the values 0 … count - 1; resolves with
 * what was read.
 *
 * @param {number} count
 * @returns {Promise<import('../../types.js').Tally>}
 */
export async function recode(count) {
  const { ItemEncoder, callHead, Batch, FrameDecoder } = await importCodec();
  const { IncrementRequest } = await importMessages();
  const encoder = new ItemEncoder();
  const decoder = new FrameDecoder();
  const tally = { count: 0, sum: 0 };
  for (let value = 0; value < count; value++) {
    const batch = new Batch();
    batch.append(encoder.encodeOnce(callHead(value + 1), INCREMENT, IncrementRequest, { value }));
    decoder.read(batch.frame(0, 1, { seq: value + 1, ack: value, backlog: 0 }));
    while (decoder.next()) {
      tally.count += 1;
      tally.sum += decoder.item.decode(IncrementRequest).value;
    }
  }
  return tally;
}
