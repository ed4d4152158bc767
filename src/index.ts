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
} from './contract/contract.js';
export type { DeepReadonly, Init, MessageCodec } from './contract/message-codec.js';

// The service's side
export {
  createHost,
  type Host,
  type HostOptions,
  type Service,
  type ServiceFactory,
  type ServiceHandler,
  type ServiceOptions,
  type ServiceSession,
  type SessionState,
} from './server/index.js';

// The client's side
export {
  type CallbackEvent,
  type CallbackHandler,
  type CallbackObservables,
  type CallbackView,
  type CallbackViews,
  type ChannelFactory,
  type ChannelFactoryOptions,
  type ConnectOptions,
  connect,
  createChannelFactory,
  type DuplexClient,
  type NewSession,
  type Overflow,
  type Status,
  type ViewOptions,
} from './client/index.js';

// Both sides
export type { Call } from './calls/call.js';
export type { CallOptions } from './calls/call-options.js';
export type { ErrorListener, ErrorSource } from './calls/call-channel.js';
export type { MessageStream } from './calls/message-stream.js';
export type { Sent } from './calls/sent.js';
export { Code, DuplexError, type ErrorKind, Fault, type FaultDetail } from './errors.js';
export type { SessionEnd } from './session/session-end.js';
export type { Clock, Timer } from './transport/clock.js';
export type { BoundAddress, ListenOptions } from './transport/grpc/listener.js';
