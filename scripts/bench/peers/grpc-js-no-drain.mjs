// @ts-check
import { streamPeer } from './grpc-js.mjs';

/**
 * The same stream with what `write` returns ignored: as fast as it goes, and
 * the memory of the process grows by whatever the other side has not read.
 *
 * @type {import('../types.js').Peer}
 */
export default {
  ...streamPeer('grpc-js-no-drain', async (stream, count, envelope) => {
    for (let value = 0; value < count; value++) stream.write(envelope(value));
  }),
  abilities: ['sendTicks', 'receiveTicks'],
};
