import type { Contract, MethodInfo, MethodShape, SessionMode } from './contract.js';
import type { MessageCodec } from './message-codec.js';

/** One method as generated code writes it: what differs from the defaults. */
export interface MethodDefinition {
  readonly name: string;
  readonly number: number;
  readonly shape: MethodShape;
  readonly request: MessageCodec;
  readonly reply?: MessageCodec;
  readonly faults?: readonly MessageCodec[];
  readonly initiating?: boolean;
  readonly terminating?: boolean;
  readonly idempotent?: boolean;
  readonly delivery?: MethodInfo['delivery'];
}

/** A contract as generated code writes it; the keys of the method maps are local names. */
export interface ContractDefinition {
  readonly name: string;
  readonly callbackName?: string;
  readonly wireName: string;
  readonly session?: SessionMode;
  readonly operations: Readonly<Record<string, MethodDefinition>>;
  readonly callbacks?: Readonly<Record<string, MethodDefinition>>;
  readonly state?: MessageCodec;
  readonly descriptors?: () => readonly string[];
}

/** Completes a contract definition with the defaults of the contract options. */
export function defineContract<Operations, Callbacks, State>(
  definition: ContractDefinition,
): Contract<Operations, Callbacks, State> {
  const callbacks = defineMethods(definition.callbacks ?? {});
  const duplex = callbacks.length > 0 || definition.state !== undefined;
  return Object.freeze({
    name: definition.name,
    callbackName: definition.callbackName,
    wireName: definition.wireName,
    session: definition.session ?? (duplex ? 'required' : 'allowed'),
    operations: defineMethods(definition.operations),
    callbacks,
    state: definition.state,
    descriptors: definition.descriptors ?? noDescriptors,
  });
}

const noDescriptors = (): readonly string[] => [];

function defineMethods(methods: Readonly<Record<string, MethodDefinition>>): readonly MethodInfo[] {
  return Object.freeze(
    Object.entries(methods).map(([localName, method]) =>
      Object.freeze({
        name: method.name,
        localName,
        number: method.number,
        shape: method.shape,
        request: method.request,
        reply: method.reply,
        faults: method.faults ?? [],
        initiating: method.initiating ?? true,
        terminating: method.terminating ?? false,
        idempotent: method.idempotent ?? false,
        delivery: method.delivery ?? 'reliable',
      }),
    ),
  );
}
