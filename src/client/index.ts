export type {
  CallbackEvent,
  CallbackHandler,
  CallbackObservables,
  DuplexClient,
} from './client-types.js';
export { connect } from './connect.js';
export type { ConnectOptions } from './options.js';
export type { Status } from './status.js';
