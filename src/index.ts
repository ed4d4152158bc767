// The client's side and what both sides share: what `grpc-duplex/client` exports
export * from './client/index.js';

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
export { type BoundAddress, type ListenOptions, serverOptions } from './transport/grpc/listener.js';
