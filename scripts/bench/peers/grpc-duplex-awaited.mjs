// @ts-check
import { duplexPeer } from './grpc-duplex.mjs';

/** This library with every one-way call awaited; replies are awaited anyway. @type {import('../types.js').Peer} */
export default { ...duplexPeer('grpc-duplex-awaited', 1), abilities: ['sendTicks', 'receiveTicks'] };
