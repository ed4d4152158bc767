import type { DescEnum, DescField, DescFile, DescMessage } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { memberName } from '../../contract/member-name.js';
import type { Finding } from '../finding.js';
import { reachableMessages } from '../messages/reachable.js';
import type { TsProtoNames } from '../messages/ts-proto-names.js';
import { type ContractModel, messagesOf } from '../model/contract-model.js';
import { withNested } from '../model/resolve.js';
import { positionOf } from '../source/source-element.js';
import { brokenNames, inheritedNames } from './ts-proto-limits.js';

/**
 * What a contract's messages must not use, because ts-proto would write code
 * that fails to compile or, worse, loses what was sent without a word.
 */
export function checkMessages(contracts: readonly ContractModel[], names: TsProtoNames): readonly Finding[] {
  const messages = [...reachableMessages(contracts.flatMap(messagesOf))];
  const files = new Set(messages.map(({ file }) => file));
  return [
    ...messages.flatMap(findExtensions),
    ...messages.flatMap((message) => message.fields).flatMap((field) => [...findGroup(field), ...findPresence(field)]),
    ...messages.flatMap(findFieldNames),
    ...[...files].flatMap((file) => findBrokenNames(file, names)),
  ];
}

function findExtensions(message: DescMessage): readonly Finding[] {
  if (message.proto.extensionRange.length === 0) return [];
  return [
    {
      position: positionOf(message),
      rule: 'message-extensions',
      message: `${message.typeName} can be extended, but extensions are dropped when it is read.`,
      hint: 'Use a field of type google.protobuf.Any instead.',
    },
  ];
}

function findGroup(field: DescField): readonly Finding[] {
  if (field.fieldKind === 'map' || field.message === undefined || !field.delimitedEncoding) return [];
  return [
    {
      position: positionOf(field),
      rule: 'message-encoding',
      message: `${field.parent.typeName}.${field.name} is a group, which ts-proto cannot carry.`,
      hint: 'Use a message field, in editions with features.message_encoding = LENGTH_PREFIXED.',
    },
  ];
}

/** ts-proto knows the presence of messages, of oneofs and of proto3 `optional`; other zeroes it takes as absent. */
function findPresence(field: DescField): readonly Finding[] {
  const required = field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED;
  const explicit =
    field.presence === FeatureSet_FieldPresence.EXPLICIT && field.fieldKind !== 'message' && !field.oneof;
  if (!required && (!explicit || field.proto.proto3Optional)) return [];
  const presence = required ? 'is required' : 'has explicit presence';
  return [
    {
      position: positionOf(field),
      rule: 'message-presence',
      message: `${field.parent.typeName}.${field.name} ${presence}, but ts-proto takes its zero value as absent.`,
      hint: 'Use proto3, where "optional" works, or in editions features.field_presence = IMPLICIT.',
    },
  ];
}

function findBrokenNames(file: DescFile, names: TsProtoNames): readonly Finding[] {
  const seen = new Map<string, string>();
  return typesOf(file).flatMap((type) => {
    const name = names.type(type);
    const broken = brokenNames.has(name) || (name === 'Timestamp' && usesTimestamp(file));
    const reason = broken ? 'which its own code uses' : seen.get(name);
    seen.set(name, `as it does ${type.typeName}`);
    if (reason === undefined) return [];
    return {
      position: positionOf(type),
      rule: 'message-name',
      message: `ts-proto calls ${type.typeName} "${name}", ${reason}.`,
      hint: 'Rename it.',
    };
  });
}

/** ts-proto converts timestamps by functions that then take the one for the other. */
function usesTimestamp({ dependencies, name }: DescFile): boolean {
  return name !== 'google/protobuf/timestamp' && dependencies.some((file) => file.name === 'google/protobuf/timestamp');
}

/** Fields and oneofs are members of one object, on which some names are taken. */
function findFieldNames({ typeName, members }: DescMessage): readonly Finding[] {
  const seen = new Map<string, string>();
  return members.flatMap((member) => {
    const name = memberName(member.name);
    const reason = inheritedNames.has(name) ? 'which every object has' : seen.get(name);
    seen.set(name, `as it does ${member.name}`);
    if (reason === undefined) return [];
    return {
      position: member.kind === 'field' ? positionOf(member) : positionOf(member.parent),
      rule: 'message-field',
      message: `ts-proto calls ${typeName}.${member.name} "${name}", ${reason}.`,
      hint: 'Rename it.',
    };
  });
}

function typesOf(file: DescFile): readonly (DescMessage | DescEnum)[] {
  const messages = file.messages.flatMap(withNested);
  return [...messages, ...file.enums, ...messages.flatMap((message) => message.nestedEnums)];
}
