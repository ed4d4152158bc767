import type { DescMessage, DescMethod, DescService } from '@bufbuild/protobuf';
import type { MethodShape, SessionMode } from '../../contract/contract.js';

/** A name that an option gives, and what it leads to; `target` is absent if nothing visible has that name. */
export interface Reference<Target> {
  readonly name: string;
  readonly target: Target | undefined;
}

/**
 * A duplex contract as its proto file says it, before it is known to be
 * right: the rules read it, and what is printed is printed from it.
 */
export interface ContractModel {
  /** `Calculator` for the service `CalculatorService`: what generated names start with. */
  readonly base: string;
  readonly service: DescService;
  readonly callback: Reference<DescService> | undefined;
  /** Whether the callback service is itself marked as a contract, which is never meant. */
  readonly callbackIsContract: boolean;
  readonly state: Reference<DescMessage> | undefined;
  readonly session: SessionMode;
  readonly operations: readonly MethodModel[];
  readonly callbacks: readonly MethodModel[];
}

/** Who invokes a method: the client an operation, the service a callback. */
export type MethodKind = 'operation' | 'callback';

/** One operation or callback with its options. */
export interface MethodModel {
  readonly kind: MethodKind;
  readonly desc: DescMethod;
  /** Member of proxies and handlers, e.g. `addTo`. */
  readonly localName: string;
  /** Arm of the request in the caller's envelope, e.g. `add_to`. */
  readonly armName: string;
  /** Arm of the reply in the other envelope, e.g. `add_to_response`; absent if the method is one-way. */
  readonly answerName: string | undefined;
  readonly shape: MethodShape;
  readonly faults: readonly Reference<DescMessage>[];
  readonly initiating: boolean;
  readonly terminating: boolean;
  readonly idempotent: boolean;
  readonly delivery: 'reliable' | 'latest' | 'lossy';
  /** The number that the option asks for, if it does. */
  readonly explicitNumber: number | undefined;
}

/** All methods of a contract, operations first: the order in which they take numbers. */
export function methodsOf(contract: ContractModel): readonly MethodModel[] {
  return [...contract.operations, ...contract.callbacks];
}

/** Every message type that a contract names itself, without those inside them. */
export function messagesOf(contract: ContractModel): readonly DescMessage[] {
  const ofMethods = methodsOf(contract).flatMap(({ desc, shape, faults }) => [
    desc.input,
    ...(shape === 'one-way' ? [] : [desc.output]),
    ...faults.map(({ target }) => target),
  ]);
  const all = [contract.state?.target, ...ofMethods].filter((message) => message !== undefined);
  return [...new Set(all)];
}
