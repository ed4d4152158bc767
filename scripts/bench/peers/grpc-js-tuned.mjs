// @ts-check
import { send, streamPeer } from './grpc-js.mjs';

/**
 * The same stream without the retry buffer of grpc-js. That buffer takes a
 * client's writes as done long before they are, so that `drain` holds nobody
 * up; the more waits in it, the slower it gets.
 *
 * @type {import('../types.js').Peer}
 */
export default {
  ...streamPeer('grpc-js-tuned', send, { 'grpc.enable_retries': 0, 'grpc.per_rpc_retry_buffer_size': 0 }),
  abilities: ['sendTicks'],
};
