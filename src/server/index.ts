export type { HostCounters } from './admission/admission.js';
export type { Limits } from './admission/limits.js';
export type { SlowClients } from './groups/delivery.js';
export type { Group, GroupCallbacks } from './groups/group.js';
export { createHost, type Host, type StopOptions, type StopSummary } from './host.js';
export type { Service } from './hosted-service.js';
export type { Instancing } from './instances.js';
export type { HostOptions } from './options.js';
export { bearerToken } from './security/bearer-token.js';
export type { AccessRequest, Authenticate, AuthenticationRequest, Authorize, Principal } from './security/principal.js';
export type { InstancingOptions, ServiceOptions } from './service-options.js';
export type {
  InstanceFactory,
  ServiceFactory,
  ServiceHandler,
  ServiceSession,
  ServiceSessionStatus,
  SessionCounters,
  SingleFactory,
} from './service-types.js';
export type { SessionState } from './session-state.js';
