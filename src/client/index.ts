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
