// @ts-check
import { duplexPeer } from './duplex/duplex-peer.mjs';

/** This library with every one-way call awaited; replies are awaited anyway. */
export default duplexPeer('grpc-duplex-awaited', ['sendTicks', 'receiveTicks'], { burst: 1 });
