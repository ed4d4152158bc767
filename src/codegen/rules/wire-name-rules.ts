import type { FileRegistry } from '@bufbuild/protobuf';
import type { Finding } from '../finding.js';
import type { ContractModel } from '../model/contract-model.js';
import { duplexStem, qualify, wireNames } from '../model/names.js';
import { positionOf } from '../source/source-element.js';

/**
 * What a wire proto declares must not be declared already: by the user, or by
 * the wire proto of another contract of the package. Unlike other rules it
 * looks at everything that is generated together.
 */
export function findTakenWireNames(contracts: readonly ContractModel[], registry: FileRegistry): readonly Finding[] {
  return contracts.flatMap((contract, index) => {
    const twin = contracts.slice(0, index).find((other) => wireName(other) === wireName(contract));
    if (twin !== undefined) return found(contract, wireName(contract), `the wire proto of ${twin.service.name}`);
    const own = duplexStem(contract.service.file.proto.name);
    return Object.values(wireNames(contract.base)).flatMap((name) => {
      const other = registry.get(inPackage(contract, name));
      if (other === undefined || other.kind === 'extension' || other.file.name === own) return [];
      return found(contract, name, `${other.file.name}.proto`);
    });
  });
}

function found({ service }: ContractModel, name: string, where: string): readonly Finding[] {
  return [
    {
      position: positionOf(service),
      rule: 'name-wire',
      message: `The wire proto of ${service.name} declares ${name}, which ${where} declares too.`,
      hint: 'Rename one of them.',
    },
  ];
}

function wireName(contract: ContractModel): string {
  return inPackage(contract, wireNames(contract.base).service);
}

function inPackage({ service }: ContractModel, name: string): string {
  return qualify(service.file.proto.package, name);
}
