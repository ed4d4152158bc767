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
  type AccessRequest,
  type Authenticate,
  type AuthenticationRequest,
  type Authorize,
  bearerToken,
  createHost,
  type Group,
  type GroupCallbacks,
  type Host,
  type HostCounters,
  type HostOptions,
  type InstanceFactory,
  type Instancing,
  type InstancingOptions,
  type Limits,
  type Principal,
  type Service,
  type ServiceFactory,
  type ServiceHandler,
  type ServiceOptions,
  type ServiceSession,
  type ServiceSessionStatus,
  type SessionCounters,
  type SessionState,
  type SingleFactory,
  type SlowClients,
  type StopOptions,
  type StopSummary,
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
  type Endpoint,
  type NewSession,
  type Overflow,
  type SessionCredentials,
  type SessionCredentialsSource,
  type Status,
  type ViewOptions,
} from './client/index.js';

// Both sides
export type { Call } from './calls/incoming/call.js';
export type { CallOptions, OneWayOptions } from './calls/outgoing/call-options.js';
export type { CallHeaders, CallHeadersInit, HeaderValue } from './calls/context.js';
export { OperationContext, type OperationContextMode } from './calls/operation-context.js';
export type { Concurrency } from './calls/incoming/turns.js';
export type { ErrorListener, ErrorSource } from './calls/call-channel.js';
export type { MessageStream } from './calls/streams/message-stream.js';
export { deadline } from './calls/interceptors/deadline.js';
export type {
  IncomingInvocation,
  Interceptor,
  MessagePlace,
  OutgoingInvocation,
} from './calls/interceptors/interceptor.js';
export { type CallLog, logging } from './calls/interceptors/logging.js';
export { validation } from './calls/interceptors/validation.js';
export type { Sent } from './calls/outgoing/sent.js';
export type { SlowPeerPolicy } from './calls/outgoing/slow-peer-policy.js';
export { Code, DuplexError, type ErrorKind, Fault, type FaultDetail } from './errors.js';
export type { LogEvent, Logger, LogRecord } from './observability/logger.js';
export type { SessionEnd } from './session/session-end.js';
export type { MetadataSource } from './transport/grpc/stream-metadata.js';
export type { Clock, Timer } from './transport/clock.js';
export { type BoundAddress, type ListenOptions, serverOptions } from './transport/grpc/listener.js';
