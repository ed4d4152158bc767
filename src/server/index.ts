export { createHost, type Host, type StopOptions, type StopSummary } from './host.js';
export type { Service } from './hosted-service.js';
export type { Instancing } from './instances.js';
export type { HostOptions, InstancingOptions, ServiceOptions } from './options.js';
export type { ServiceFactory, ServiceHandler, ServiceSession, SingleFactory } from './service-types.js';
export type { SessionState } from './session-state.js';
