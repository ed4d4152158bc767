import type { DescFile, DescMethod, DescService } from '@bufbuild/protobuf';
import type { MethodShape, SessionMode } from '../../contract/contract.js';
import type { ContractModel, MethodKind, MethodModel, Reference } from './contract-model.js';
import type { OperationOptions, OptionReader } from './contract-options.js';
import { baseName, toCamelCase, toSnakeCase } from './names.js';
import { createResolver } from './resolve.js';

const empty = 'google.protobuf.Empty';

type Resolver = ReturnType<typeof createResolver>;

/** The contracts that a file declares, in its order. Services without the contract option are left alone. */
export function readContracts(file: DescFile, options: OptionReader): readonly ContractModel[] {
  const resolver = createResolver(file);
  return file.services
    .map((service) => readContract(service, options, resolver))
    .filter((contract) => contract !== undefined);
}

function readContract(service: DescService, options: OptionReader, resolver: Resolver): ContractModel | undefined {
  const own = options.contract(service);
  if (own === undefined) return undefined;
  const callback = own.callback === undefined ? undefined : resolver.service(own.callback);
  const state = own.state === undefined ? undefined : resolver.message(own.state);
  const target = callback?.target === service ? undefined : callback?.target;
  const callbackOptions = target && options.callback(target);
  return {
    base: baseName(service.name),
    service,
    callback,
    callbackIsContract: target !== undefined && options.contract(target) !== undefined,
    state,
    session: sessionMode(own.session, callback ?? state),
    operations: readMethods('operation', service, own.emptyIsOneWay ?? false, options, resolver),
    callbacks: target
      ? readMethods('callback', target, callbackOptions?.emptyIsOneWay ?? false, options, resolver)
      : [],
  };
}

function sessionMode(stated: string | undefined, duplex: Reference<unknown> | undefined): SessionMode {
  switch (stated) {
    case 'SESSION_MODE_REQUIRED':
      return 'required';
    case 'SESSION_MODE_ALLOWED':
      return 'allowed';
    case 'SESSION_MODE_NOT_ALLOWED':
      return 'not-allowed';
    default:
      return defaultSessionMode(duplex !== undefined);
  }
}

/** The mode of a contract that states none: a session is needed for callbacks and state only. */
export function defaultSessionMode(duplex: boolean): SessionMode {
  return duplex ? 'required' : 'allowed';
}

function readMethods(
  kind: MethodKind,
  service: DescService,
  emptyIsOneWay: boolean,
  options: OptionReader,
  resolver: Resolver,
): readonly MethodModel[] {
  return service.methods.map((desc) => {
    const own = options.operation(desc) ?? {};
    const shape = methodShape(desc, own.oneWay, emptyIsOneWay);
    const armName = toSnakeCase(desc.name);
    return {
      kind,
      desc,
      localName: toCamelCase(armName),
      armName,
      answerName: shape === 'one-way' ? undefined : `${armName}_response`,
      shape,
      faults: (own.faults ?? []).map((name) => resolver.message(name)),
      initiating: own.initiating ?? true,
      terminating: own.terminating ?? false,
      idempotent: own.idempotent ?? false,
      delivery: delivery(own),
      explicitNumber: own.number,
    };
  });
}

/**
 * Whether a method that says nothing is one-way is judged by what it returns
 * alone: one that streams requests to Empty is taken as one-way too, and then
 * rejected, since nobody can guess which of the two was meant.
 */
function methodShape(desc: DescMethod, oneWay: boolean | undefined, emptyIsOneWay: boolean): MethodShape {
  const returnsEmpty = desc.output.typeName === empty && !desc.proto.serverStreaming;
  if (oneWay ?? (emptyIsOneWay && returnsEmpty)) return 'one-way';
  switch (desc.methodKind) {
    case 'unary':
      return 'request-reply';
    case 'server_streaming':
      return 'reply-stream';
    case 'client_streaming':
      return 'request-stream';
    case 'bidi_streaming':
      return 'both-streams';
  }
}

function delivery(options: OperationOptions): MethodModel['delivery'] {
  switch (options.delivery) {
    case 'DELIVERY_LATEST':
      return 'latest';
    case 'DELIVERY_LOSSY':
      return 'lossy';
    default:
      return 'reliable';
  }
}
