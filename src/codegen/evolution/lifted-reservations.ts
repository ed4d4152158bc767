import { create } from '@bufbuild/protobuf';
import { type DescriptorProto, type FileDescriptorSet, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { EnvelopeSide } from '../model/envelopes.js';
import { qualify, wireNames } from '../model/names.js';
import { type ContractRecord, recordedArms } from '../numbers/contract-record.js';
import { contains, normalize, without } from '../numbers/number-set.js';
import type { ContractVersion } from './contract-versions.js';

type Versions = ReadonlyMap<string, ContractVersion>;

/**
 * The older image without the reservations that were rightly lifted since. A
 * method that became one-way leaves the number of its answers reserved, for
 * nobody else: when it is two-way again it takes it back.
 */
export function withoutLifted(image: FileDescriptorSet, before: Versions, now: Versions): FileDescriptorSet {
  const lifted = new Map(
    [...before].flatMap(([name, version]) => {
      const later = now.get(name);
      return later === undefined ? [] : sides.map((side) => liftedIn(side, version, later.record));
    }),
  );
  return create(FileDescriptorSetSchema, {
    file: image.file.map((file) => ({
      ...file,
      messageType: file.messageType.map((message) =>
        withoutReserved(message, lifted.get(qualify(file.package, message.name))),
      ),
    })),
  });
}

const sides = ['client', 'server'] as const satisfies readonly EnvelopeSide[];

interface Lifted {
  readonly numbers: readonly number[];
  readonly names: readonly string[];
}

function liftedIn(side: EnvelopeSide, { contract, record }: ContractVersion, now: ContractRecord) {
  const owned = new Set(recordedArms(record).map(({ number }) => number));
  const taken = now[side].arms.filter(({ number }) => owned.has(number));
  const { reservedNumbers, reservedNames } = record[side];
  const lifted: Lifted = {
    numbers: taken.map(({ number }) => number).filter((number) => contains(reservedNumbers, number)),
    names: taken.map(({ name }) => name).filter((name) => reservedNames.includes(name)),
  };
  const envelope = wireNames(contract.base)[`${side}Envelope`];
  return [qualify(contract.service.file.proto.package, envelope), lifted] as const;
}

function withoutReserved(message: DescriptorProto, lifted: Lifted | undefined): DescriptorProto {
  if (lifted === undefined) return message;
  const ranges = message.reservedRange.map(({ start, end }) => ({ first: start, last: end - 1 }));
  return {
    ...message,
    reservedName: message.reservedName.filter((name) => !lifted.names.includes(name)),
    reservedRange: without(normalize(ranges), lifted.numbers).map(({ first, last }) => ({
      $typeName: 'google.protobuf.DescriptorProto.ReservedRange',
      start: first,
      end: last + 1,
    })),
  };
}
