export { type ConfiguredService, type DuplexConfig, loadConfig } from './load-config.js';
export { jsonSchema } from './schema.js';
