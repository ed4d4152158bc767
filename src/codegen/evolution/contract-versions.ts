import { create, createFileRegistry } from '@bufbuild/protobuf';
import { type FileDescriptorSet, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { ContractModel } from '../model/contract-model.js';
import { createOptionReader } from '../model/contract-options.js';
import { readContracts } from '../model/read-contracts.js';
import type { ContractRecord } from '../numbers/contract-record.js';
import { describeContractRecord } from '../numbers/described-record.js';

/** One contract as a version of the protos has it, and the numbers of its wire proto. */
export interface ContractVersion {
  readonly contract: ContractModel;
  readonly record: ContractRecord;
}

/** All contracts of an image that holds protos and wire protos, by the full names of their services. */
export function readVersions(image: FileDescriptorSet): ReadonlyMap<string, ContractVersion> {
  const registry = createFileRegistry(image);
  const reader = createOptionReader(registry);
  const contracts = [...registry.files].flatMap((file) => readContracts(file, reader));
  return new Map(
    contracts.map((contract) => [
      contract.service.typeName,
      { contract, record: describeContractRecord(contract, registry) },
    ]),
  );
}

/**
 * An image without the services that make up contracts. On the wire they are
 * messages of envelopes, and those may change in ways in which an rpc may not:
 * a one-way method may get a reply.
 */
export function withoutContracts(
  image: FileDescriptorSet,
  versions: ReadonlyMap<string, ContractVersion>,
): FileDescriptorSet {
  const parts = new Set(
    [...versions.values()].flatMap(({ contract }) => [contract.service.proto, contract.callback?.target?.proto]),
  );
  return create(FileDescriptorSetSchema, {
    file: image.file.map((file) => ({ ...file, service: file.service.filter((service) => !parts.has(service)) })),
  });
}
