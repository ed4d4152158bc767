import type { AnyContract } from '../../contract/contract.js';
import type { PlainMethod } from '../../transport/grpc/plain-methods.js';
import type { ReflectionAnswers } from './reflection-answers.js';

/** v1alpha has the same messages by other names. */
const services = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'];

/**
 * The reflection service of gRPC, by which grpcurl and its like learn what a
 * host serves. What answers them is loaded, and the contracts' descriptors are
 * decoded, when somebody first asks.
 */
export class ReflectionService {
  #answers: Promise<ReflectionAnswers> | undefined;
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
      answer: async (request) => (await this.#load()).answer(request),
    }));
  }

  /** The contracts have changed. */
  forget(): void {
    this.#answers = undefined;
  }

  #load(): Promise<ReflectionAnswers> {
    this.#answers ??= import('./reflection-answers.js').then(({ ReflectionAnswers }) => {
      const contracts = this.#contracts();
      const names = [...contracts.map(({ wireName }) => wireName), ...this.#others, ...services];
      return new ReflectionAnswers(contracts, names.sort());
    });
    return this.#answers;
  }
}
