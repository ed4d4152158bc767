export { createHost, type Host, type StopOptions, type StopSummary } from './host.js';
export type { Service } from './hosted-service.js';
export type { HostOptions, ServiceOptions } from './options.js';
export type { ServiceFactory, ServiceHandler, ServiceSession } from './service-types.js';
export type { SessionState } from './session-state.js';
