/**
 * `grpc-duplex/client`, for programs that are only clients. `grpc-duplex`
 * exports the same, and the service's side with it.
 */

// Contracts
export type {
  BothStreams,
  Contract,
  MethodInfo,
  MethodShape,
  OneWay,
  ReplyStream,
  RequestReply,
  RequestStream,
  SessionMode,
} from '../contract/contract.js';
export type { DeepReadonly, Init, MessageCodec } from '../contract/message-codec.js';

// The client's side
export type { CallbackView, Overflow, ViewOptions } from './callbacks/callback-view.js';
export { type ChannelFactory, type ChannelFactoryOptions, createChannelFactory } from './channel-factory.js';
export type {
  CallbackEvent,
  CallbackHandler,
  CallbackObservables,
  CallbackViews,
  DuplexClient,
} from './client-types.js';
export { connect, type Endpoint } from './connect.js';
export type { ConnectOptions, NewSession } from './options.js';
export type { SessionCredentials, SessionCredentialsSource } from './session-credentials.js';
export type { Status } from './status.js';

// Both sides
export type { Call } from '../calls/incoming/call.js';
export type { CallOptions, OneWayOptions } from '../calls/outgoing/call-options.js';
export type { CallHeaders, CallHeadersInit, HeaderValue } from '../calls/context.js';
export { OperationContext, type OperationContextMode } from '../calls/operation-context.js';
export type { Concurrency } from '../calls/incoming/turns.js';
export type { ErrorListener, ErrorSource } from '../calls/call-channel.js';
export type { MessageStream } from '../calls/streams/message-stream.js';
export { deadline } from '../calls/interceptors/deadline.js';
export type {
  IncomingInvocation,
  Interceptor,
  MessagePlace,
  OutgoingInvocation,
} from '../calls/interceptors/interceptor.js';
export { type CallLog, logging } from '../calls/interceptors/logging.js';
export { validation } from '../calls/interceptors/validation.js';
export type { Sent } from '../calls/outgoing/sent.js';
export type { SlowPeerPolicy } from '../calls/outgoing/slow-peer-policy.js';
export { Code, DuplexError, type ErrorKind, Fault, type FaultDetail } from '../errors.js';
export type { LogEvent, Logger, LogRecord } from '../observability/logger.js';
export type { SessionEnd } from '../session/session-end.js';
export type { MetadataSource } from '../transport/grpc/stream-metadata.js';
export type { Clock, Timer } from '../transport/clock.js';
