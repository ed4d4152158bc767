import type { DescMessage, FileRegistry } from '@bufbuild/protobuf';
import type { ContractModel } from '../model/contract-model.js';
import { qualify, wireNames } from '../model/names.js';
import type { ContractRecord } from './contract-record.js';
import { normalize } from './number-set.js';
import { type EnvelopeRecord, emptyEnvelope, firstNumber } from './wire-record.js';

/**
 * The record of a contract's numbers out of descriptors that hold its wire
 * proto as well: what {@link readContractRecord} reads out of the text.
 */
export function describeContractRecord(contract: ContractModel, registry: FileRegistry): ContractRecord {
  const { clientEnvelope, serverEnvelope } = wireNames(contract.base);
  const find = (name: string) => registry.getMessage(qualify(contract.service.file.proto.package, name));
  const client = find(clientEnvelope);
  return {
    file: client?.file.proto.name ?? '',
    known: client !== undefined,
    client: describeEnvelope(client),
    server: describeEnvelope(find(serverEnvelope)),
  };
}

function describeEnvelope(message: DescMessage | undefined): EnvelopeRecord {
  if (message === undefined) return emptyEnvelope;
  const own = message.fields.filter(({ number }) => number >= firstNumber);
  return {
    arms: own.map(({ name, number, message }) => ({ name, type: message?.typeName ?? '', number, line: 1 })),
    reservedNumbers: normalize(message.proto.reservedRange.map(({ start, end }) => ({ first: start, last: end - 1 }))),
    reservedNames: message.proto.reservedName,
  };
}
