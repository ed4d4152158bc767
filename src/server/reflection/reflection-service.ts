import type { AnyContract } from '../../contract/contract.js';
import { Code } from '../../errors.js';
import { ServerReflectionRequest, ServerReflectionResponse } from '../../gen/grpc/reflection/v1/reflection.js';
import type { PlainMethod } from '../../transport/grpc/plain-methods.js';
import type { DescriptorIndex } from './descriptor-index.js';

type Response = NonNullable<ServerReflectionResponse['messageResponse']>;

/** v1alpha has the same messages by other names. */
const services = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'];

/**
 * The reflection service of gRPC, by which grpcurl and its like learn what a
 * host serves. Files go out as they were compiled, custom options included.
 * Source: grpc/reflection/v1/reflection.proto.
 */
export class ReflectionService {
  #index: Promise<DescriptorIndex> | undefined;
  readonly #contracts: () => readonly AnyContract[];
  readonly #others: readonly string[];

  /** Tells of the contracts as they are then, and of the names of other services that the host has. */
  constructor(contracts: () => readonly AnyContract[], others: readonly string[]) {
    this.#contracts = contracts;
    this.#others = others;
  }

  /** The methods to serve. */
  get methods(): readonly PlainMethod[] {
    return services.map((service) => ({
      path: `/${service}/ServerReflectionInfo`,
      kind: 'exchange',
      answer: async (request) => {
        const answer = await this.#answer(ServerReflectionRequest.decode(request));
        return ServerReflectionResponse.encode(answer).finish();
      },
    }));
  }

  /** The contracts have changed. */
  forget(): void {
    this.#index = undefined;
  }

  async #answer(request: ServerReflectionRequest): Promise<ServerReflectionResponse> {
    return {
      validHost: request.host,
      originalRequest: request,
      messageResponse: await this.#respond(request.messageRequest),
    };
  }

  async #respond(wanted: ServerReflectionRequest['messageRequest']): Promise<Response> {
    const index = await this.#load();
    switch (wanted?.$case) {
      case 'listServices':
        return { $case: 'listServicesResponse', value: { service: this.#names().map((name) => ({ name })) } };
      case 'fileByFilename':
        return found(index.file(wanted.value), `the file ${wanted.value}`);
      case 'fileContainingSymbol':
        return found(index.containing(wanted.value), wanted.value);
      case 'fileContainingExtension': {
        const { containingType, extensionNumber } = wanted.value;
        return found(index.extending(containingType, extensionNumber), `${containingType}[${extensionNumber}]`);
      }
      case 'allExtensionNumbersOfType': {
        const numbers = index.extensionNumbers(wanted.value);
        if (numbers === undefined) return notFound(wanted.value);
        return {
          $case: 'allExtensionNumbersResponse',
          value: { baseTypeName: wanted.value, extensionNumber: [...numbers] },
        };
      }
      default:
        return failure(Code.INVALID_ARGUMENT, 'the request asks for nothing');
    }
  }

  #names(): readonly string[] {
    return [...this.#contracts().map(({ wireName }) => wireName), ...this.#others, ...services].sort();
  }

  /** Descriptors are decoded when somebody first asks. */
  #load(): Promise<DescriptorIndex> {
    this.#index ??= import('./descriptor-index.js').then(
      ({ DescriptorIndex }) => new DescriptorIndex(this.#contracts().map(({ descriptors }) => descriptors())),
    );
    return this.#index;
  }
}

function found(files: readonly Uint8Array[] | undefined, what: string): Response {
  if (files === undefined) return notFound(what);
  return { $case: 'fileDescriptorResponse', value: { fileDescriptorProto: [...files] } };
}

function notFound(what: string): Response {
  return failure(Code.NOT_FOUND, `${what} is not known here`);
}

function failure(code: Code, message: string): Response {
  return { $case: 'errorResponse', value: { errorCode: code, errorMessage: message } };
}
