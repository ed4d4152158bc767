import type { ContractModel, MethodModel } from '../model/contract-model.js';
import { qualify, wireNames } from '../model/names.js';
import { defaultSessionMode } from '../model/read-contracts.js';
import { numberOf } from '../numbers/assign-numbers.js';
import { indent, type Lines } from './text.js';
import { descriptorsName, type TypeScriptScope } from './ts-scope.js';
import type { NumberedContract } from './wire-proto.js';

/** The value of a contract: what `defineContract` is given. Only what differs from its defaults is written. */
export function printDefinition({ contract, numbers }: NumberedContract, scope: TypeScriptScope): Lines {
  const { service, callback, state } = contract;
  const wireName = qualify(service.file.proto.package, wireNames(contract.base).service);
  const printMethods = (name: string, methods: readonly MethodModel[]) => [
    `${name}: {`,
    indent(...methods.map((method) => printMethod(method, numberOf(numbers, method), scope))),
    '},',
  ];
  return [
    `name: '${service.typeName}',`,
    callback?.target && `callbackName: '${callback.target.typeName}',`,
    `wireName: '${wireName}',`,
    contract.session === defaultMode(contract) ? undefined : `session: '${contract.session}',`,
    printMethods('operations', contract.operations),
    contract.callbacks.length > 0 ? printMethods('callbacks', contract.callbacks) : undefined,
    state?.target && `state: ${scope.message(state.target, 'value')},`,
    `${descriptorsName},`,
  ];
}

function printMethod(method: MethodModel, number: number, scope: TypeScriptScope): Lines {
  const { desc, shape, faults, initiating, terminating, idempotent, delivery } = method;
  const details = faults.flatMap(({ target }) => (target === undefined ? [] : [scope.message(target, 'value')]));
  const properties = [
    `name: '${desc.name}'`,
    `number: ${number}`,
    `shape: '${shape}'`,
    `request: ${scope.message(desc.input, 'value')}`,
    shape === 'one-way' ? undefined : `reply: ${scope.message(desc.output, 'value')}`,
    details.length > 0 ? `faults: [${details.join(', ')}]` : undefined,
    initiating ? undefined : 'initiating: false',
    terminating ? 'terminating: true' : undefined,
    idempotent ? 'idempotent: true' : undefined,
    delivery === 'reliable' ? undefined : `delivery: '${delivery}'`,
  ].filter((property) => property !== undefined);
  const line = `${method.localName}: { ${properties.join(', ')} },`;
  if (line.length <= 120 - 6) return [line];
  return [`${method.localName}: {`, indent(...properties.map((property) => `${property},`)), '},'];
}

function defaultMode({ callback, state }: ContractModel) {
  return defaultSessionMode((callback ?? state) !== undefined);
}
