// @ts-check
import { duplexPeer } from './duplex/duplex-peer.mjs';

/** This library with sessions that end with their connection, so that nothing is kept for a replay. */
export default duplexPeer('grpc-duplex-no-replay', ['sendTicks', 'receiveTicks', 'increment'], { resumeWindowMs: 0 });
