import type { AnyContract } from '../../contract/contract.js';
import { Code } from '../../errors.js';
import { ServerReflectionRequest, ServerReflectionResponse } from '../../gen/grpc/reflection/v1/reflection.js';
import { DescriptorIndex } from './descriptor-index.js';

type Response = NonNullable<ServerReflectionResponse['messageResponse']>;

/**
 * What the reflection service answers, of some contracts and the names of all
 * services. Files go out as they were compiled, custom options included.
 * Source: grpc/reflection/v1/reflection.proto.
 */
export class ReflectionAnswers {
  readonly #index: DescriptorIndex;
  readonly #names: readonly string[];

  /** Throws for contracts whose files do not fit together. */
  constructor(contracts: readonly AnyContract[], names: readonly string[]) {
    this.#index = new DescriptorIndex(contracts.map(({ descriptors }) => descriptors()));
    this.#names = names;
  }

  /** A response for a request, both encoded. */
  answer(bytes: Uint8Array): Uint8Array {
    const request = ServerReflectionRequest.decode(bytes);
    const messageResponse = this.#respond(request.messageRequest);
    return ServerReflectionResponse.encode({
      validHost: request.host,
      originalRequest: request,
      messageResponse,
    }).finish();
  }

  #respond(wanted: ServerReflectionRequest['messageRequest']): Response {
    switch (wanted?.$case) {
      case 'listServices':
        return { $case: 'listServicesResponse', value: { service: this.#names.map((name) => ({ name })) } };
      case 'fileByFilename':
        return found(this.#index.file(wanted.value), `the file ${wanted.value}`);
      case 'fileContainingSymbol':
        return found(this.#index.containing(wanted.value), wanted.value);
      case 'fileContainingExtension': {
        const { containingType, extensionNumber } = wanted.value;
        return found(this.#index.extending(containingType, extensionNumber), `${containingType}[${extensionNumber}]`);
      }
      case 'allExtensionNumbersOfType': {
        const numbers = this.#index.extensionNumbers(wanted.value);
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
