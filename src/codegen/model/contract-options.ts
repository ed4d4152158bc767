import {
  type DescExtension,
  type DescMethod,
  type DescService,
  type FileRegistry,
  getOption,
  hasOption,
  isMessage,
  toJson,
} from '@bufbuild/protobuf';

/** `duplex.v1.ContractOptions` in its JSON form: what is not set is absent. */
export interface ContractOptions {
  readonly callback?: string;
  readonly session?: string;
  readonly state?: string;
  readonly emptyIsOneWay?: boolean;
}

/** `duplex.v1.CallbackOptions` in its JSON form. */
export interface CallbackOptions {
  readonly emptyIsOneWay?: boolean;
}

/** `duplex.v1.OperationOptions` in its JSON form. */
export interface OperationOptions {
  readonly oneWay?: boolean;
  readonly initiating?: boolean;
  readonly terminating?: boolean;
  readonly faults?: readonly string[];
  readonly number?: number;
  readonly delivery?: string;
  readonly idempotent?: boolean;
}

/** Reads the options of duplex/v1/contract.proto; undefined where one is not set. */
export interface OptionReader {
  contract(service: DescService): ContractOptions | undefined;
  callback(service: DescService): CallbackOptions | undefined;
  operation(method: DescMethod): OperationOptions | undefined;
}

/**
 * Reads options by means of the descriptors in the compiler's own request, so
 * that they mean what the user's copy of contract.proto says. Without that
 * file among the inputs nothing is set.
 */
export function createOptionReader(registry: FileRegistry): OptionReader {
  const contract = registry.getExtension('duplex.v1.contract');
  const callback = registry.getExtension('duplex.v1.callback');
  const operation = registry.getExtension('duplex.v1.operation');
  return {
    contract: (service) => read<ContractOptions>(service, contract),
    callback: (service) => read<CallbackOptions>(service, callback),
    operation: (method) => read<OperationOptions>(method, operation),
  };
}

function read<Options>(element: DescService | DescMethod, extension: DescExtension | undefined): Options | undefined {
  if (extension?.message === undefined || !hasOption(element, extension)) return undefined;
  const value = getOption(element, extension);
  return isMessage(value) ? (toJson(extension.message, value) as Options) : undefined;
}

/**
 * Where the compiler locates an option, from the descriptor that carries it:
 * the field of the options in descriptor.proto, our extension, its field.
 */
export const optionPaths = {
  contract: { all: [3, 73101], callback: [3, 73101, 1], session: [3, 73101, 2], state: [3, 73101, 3] },
  operation: {
    all: [4, 73103],
    oneWay: [4, 73103, 1],
    initiating: [4, 73103, 2],
    terminating: [4, 73103, 3],
    faults: [4, 73103, 4],
    number: [4, 73103, 5],
    delivery: [4, 73103, 6],
  },
} as const;

/** Where the compiler locates the types of a method, from the method. */
export const methodPaths = { input: [2], output: [3] } as const;
