import type { MethodInfo } from '../contract/contract.js';
import type { MessageCodec } from '../contract/message-codec.js';
import type { DuplexError } from '../errors.js';
import type { Grant } from '../gen/duplex/v1/session.js';
import type { SessionLog } from '../observability/session-log.js';
import type { Sender } from '../session/sending/sender.js';
import type { Clock } from '../transport/clock.js';
import type { EncodedItem, ItemBytes } from '../wire/encoded-item.js';
import type { ItemHead } from '../wire/item-encoder.js';
import type { Deliver } from './deliver.js';
import type { IncomingCall } from './incoming/call.js';
import type { QuickPolicy, SlowPeerPolicy } from './outgoing/slow-peer-policy.js';
import type { StreamLimits } from './streams/stream-receiver.js';

/** Where an error came from that nobody awaited. */
export interface ErrorSource {
  /** Full name of the service contract. */
  readonly contract: string;
  /** Local name of the operation or callback, if it was in one. */
  readonly method: string | undefined;
}

/**
 * Hears of every error that no caller is told of: once, and in full. If it was
 * thrown by the handler of a call that is awaited, and the listener returns a
 * Fault, the caller gets that one in place of INTERNAL. What it throws itself,
 * or rejects with, changes nothing: both errors go to the logger, or to stderr.
 */
export type ErrorListener = (error: DuplexError, source: ErrorSource) => unknown;

/** What hears of errors unless somebody else does: writes to stderr. */
export function writeError(error: DuplexError, { contract, method }: ErrorSource): void {
  console.error(`${contract}${method === undefined ? '' : `.${method}`}:`, error);
}

/** What happened in a session that no caller saw. */
export interface CallCounters {
  /** One-way calls that failed without being awaited. */
  unsent: number;
  /** Handlers of one-way calls that threw. */
  failedHandlers: number;
  /** Items of methods that this side's contract does not have. */
  unknownItems: number;
  /** Answers to calls, or items of streams, that nobody awaits any more. */
  lateItems: number;
  /** One-way calls that a slow peer was spared, because newer ones took their place. */
  dropped: number;
}

/** How the calls of both directions hang together. */
export interface Nesting {
  /** Whether an incoming call is one of this session. */
  owns(call: IncomingCall<unknown>): boolean;
  /** The peer's call that the running code serves, if it is one of this session and known. */
  current(): IncomingCall<unknown> | undefined;
  /** `call` awaits an answer of the peer: in `reentrant` others may run meanwhile. */
  park(call: IncomingCall<unknown>): void;
  /** The answer is there: `goOn` hands it over, at once or when it is `call`'s turn. */
  unpark(call: IncomingCall<unknown>, goOn: () => void): void;
}

/** What calls need of the session that they run over. */
export interface CallChannel {
  readonly sender: Sender;
  readonly clock: Clock;
  readonly counters: CallCounters;
  readonly nesting: Nesting;
  /** How many stream items this side lets the peer send ahead, and the peer this side. */
  readonly streamLimits: StreamLimits;
  readonly peerStreamWindow: number;
  /** What to do where the peer is too slow for a one-way method; by `post`, unless that is to wait. */
  slowPolicy(method: MethodInfo): SlowPeerPolicy;
  post(method: MethodInfo, item: ItemBytes, policy: QuickPolicy): void;
  /** Encodes an item that is sent at once, or not at all; see `ItemEncoder.encodeOnce`. */
  encode<Message>(head: ItemHead, number: number, codec: MessageCodec<Message>, content: unknown): EncodedItem;
  grant(grant: Grant): void;
  /** Closes the session in order. */
  close(message: string): void;
  /** Something may be polled: a session that closes may be able to end now. */
  wake(): void;
  /** Where the application takes what comes for it in its own time; undefined where it takes it at once. */
  readonly deliver: Deliver | undefined;
  /** Tells of an error that no caller is told of. Returns what the listener does. */
  report(error: DuplexError, method?: MethodInfo): unknown;
  /** Hears of items that are dropped, or unknown. */
  readonly log: Pick<SessionLog, 'dropped' | 'unknown'>;
}
