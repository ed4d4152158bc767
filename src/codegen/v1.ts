/**
 * What generated contracts import: one function at run time, types for the
 * rest. The version is in the path, so that contracts generated today keep
 * working when a later generator needs something else.
 */
export type { CallbackHandler, DuplexClient } from '../client/index.js';
export type {
  BothStreams,
  Contract,
  OneWay,
  ReplyStream,
  RequestReply,
  RequestStream,
} from '../contract/contract.js';
export { defineContract } from '../contract/define-contract.js';
export type { ServiceHandler, ServiceSession } from '../server/index.js';
