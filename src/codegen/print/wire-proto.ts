import type { DescFile, FileRegistry } from '@bufbuild/protobuf';
import type { ContractModel } from '../model/contract-model.js';
import { armsOf } from '../model/envelopes.js';
import { wireNames } from '../model/names.js';
import type { ContractNumbers } from '../numbers/assign-numbers.js';
import { commentOf } from '../source/source-element.js';
import { printLanguageOptions } from './proto-options.js';
import { protoTypeName, qualifyProtoName } from './proto-type-names.js';
import { generatedMark, type Lines, separate, toText } from './text.js';
import { printEnvelope, type TypeNaming } from './wire-envelope.js';

/** A contract and the numbers of its methods. */
export interface NumberedContract {
  readonly contract: ContractModel;
  readonly numbers: ContractNumbers;
}

const sessionFile = 'duplex/v1/session.proto';

/**
 * The wire proto of a file's contracts: what clients in other languages
 * compile, and the record of the numbers. It is in the canonical format of
 * buf and passes its lint, so it can be checked in and published as it is.
 */
export function printWireProto(file: DescFile, contracts: readonly NumberedContract[], registry: FileRegistry): string {
  const { package: scope } = file.proto;
  const types: TypeNaming = {
    message: (desc) => protoTypeName(desc, scope, registry),
    session: (name) => qualifyProtoName(`duplex.v1.${name}`, scope, registry),
  };
  return toText(
    separate([
      [
        generatedMark,
        `// source: ${file.proto.name}`,
        '//',
        '// It records the number of every method: keep it under version control.',
        'syntax = "proto3";',
      ],
      [scope === '' ? undefined : `package ${scope};`],
      importsOf(contracts).map((name) => `import "${name}";`),
      printLanguageOptions(file),
      ...contracts.flatMap((contract) => printContract(contract, types)),
    ]),
  );
}

function printContract({ contract, numbers }: NumberedContract, types: TypeNaming): readonly Lines[] {
  const names = wireNames(contract.base);
  return [
    [
      ...commentOf(contract.service).map((line) => `// ${line}`.trimEnd()),
      `service ${names.service} {`,
      `  // One stream carries ${contract.callbacks.length > 0 ? 'all operations and callbacks' : 'all operations'}.`,
      '  // buf:lint:ignore RPC_REQUEST_STANDARD_NAME',
      '  // buf:lint:ignore RPC_RESPONSE_STANDARD_NAME',
      `  rpc Connect(stream ${names.clientEnvelope}) returns (stream ${names.serverEnvelope});`,
      '}',
    ],
    printEnvelope(names.clientEnvelope, 'client', contract, numbers, types),
    printEnvelope(names.serverEnvelope, 'server', contract, numbers, types),
  ];
}

/** The files that a wire proto imports, in their order. */
export function importsOf(contracts: readonly NumberedContract[]): readonly string[] {
  const messages = contracts.flatMap(({ contract }) => [
    contract.state?.target,
    ...armsOf(contract, 'client').map(({ message }) => message),
    ...armsOf(contract, 'server').map(({ message }) => message),
  ]);
  const files = messages.filter((message) => message !== undefined).map(({ file }) => file.proto.name);
  return [...new Set([sessionFile, ...files])].sort();
}
