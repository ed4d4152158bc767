// @ts-check
import { duplexPeer } from './duplex/duplex-peer.mjs';

/** This library. One-way calls are left alone, but for every thousandth: awaiting that one is the backpressure. */
export default duplexPeer('grpc-duplex', [
  'broadcast',
  'callAmong',
  'countUp',
  'firstCallback',
  'firstGreeting',
  'firstReply',
  'haul',
  'increment',
  'openIdle',
  'receiveTicks',
  'recode',
  'resumeAfterCut',
  'sendTicks',
  'sendTicksOver',
]);
