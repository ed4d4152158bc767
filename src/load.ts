// Contracts without generated code.
export {
  type DynamicMethod,
  type DynamicMethods,
  type LoadContractOptions,
  loadContract,
} from './codegen/load-contract.js';
export type { PlainMessage } from './contract/from-descriptors.js';
