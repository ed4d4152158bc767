// @ts-check
import { duplexPeer } from '../duplex-peer.mjs';

/** This library. One-way calls are left alone, but for every thousandth: awaiting that one is the backpressure. */
export default duplexPeer('grpc-duplex', [
  ...['sendTicks', 'receiveTicks', 'increment', 'countUp', 'haul', 'firstCallback', 'openIdle', 'broadcast'],
  ...['sendTicksOver', 'resumeAfterCut'],
]);
