import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type DescriptorProtoSchema,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  type FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import {
  armsOf,
  type EnvelopeSide,
  frameFields,
  type LibraryField,
  libraryArms,
  stateArm,
} from '../model/envelopes.js';
import { duplexStem, qualify, toCamelCase, wireNames } from '../model/names.js';
import { numberOf } from '../numbers/assign-numbers.js';
import { importsOf, type NumberedContract } from '../print/wire-proto.js';

type Field = Exclude<MessageInitShape<typeof FieldDescriptorProtoSchema>, { $typeName: string }>;
type Message = Exclude<MessageInitShape<typeof DescriptorProtoSchema>, { $typeName: string }>;

/**
 * The descriptor of a wire proto: what a compiler would make of the text that
 * is printed for it. It is no input of the compiler, so nobody else makes one.
 */
export function describeWireFile(
  file: FileDescriptorProto,
  contracts: readonly NumberedContract[],
): FileDescriptorProto {
  const { package: scope } = file;
  return create(FileDescriptorProtoSchema, {
    name: `${duplexStem(file.name)}.proto`,
    package: scope,
    dependency: [...importsOf(contracts)],
    syntax: 'proto3',
    service: contracts.map(({ contract }) => {
      const { service, clientEnvelope, serverEnvelope } = wireNames(contract.base);
      const method = {
        name: 'Connect',
        inputType: typeName(qualify(scope, clientEnvelope)),
        outputType: typeName(qualify(scope, serverEnvelope)),
        clientStreaming: true,
        serverStreaming: true,
      };
      return { name: service, method: [method] };
    }),
    messageType: contracts.flatMap((contract) => {
      const { clientEnvelope, serverEnvelope } = wireNames(contract.contract.base);
      return [
        describeEnvelope(clientEnvelope, 'client', scope, contract),
        describeEnvelope(serverEnvelope, 'server', scope, contract),
      ];
    }),
  });
}

function describeEnvelope(
  name: string,
  side: EnvelopeSide,
  scope: string,
  { contract, numbers }: NumberedContract,
): Message {
  const state = side === 'server' ? contract.state?.target : undefined;
  const arms = armsOf(contract, side).map((arm) => ({ ...arm, number: numberOf(numbers, arm.method) }));
  const own = [
    ...(state === undefined ? [] : [{ ...stateArm, message: state }]),
    ...arms.toSorted((a, b) => a.number - b.number),
  ];
  const content = [
    ...libraryArms.map((field) => describeField(field, typeName(qualify(scope, name)))),
    ...own.map(({ name, number, message }) => messageField(name, number, message)),
  ];
  const { numbers: reserved, names } = numbers.reserved[side];
  return {
    name,
    field: [
      ...frameFields.map((field) => describeField(field, typeName(qualify(scope, name)))),
      ...content.map((field) => ({ ...field, oneofIndex: 0 })),
    ],
    oneofDecl: [{ name: 'content' }],
    reservedRange: reserved.map(({ first, last }) => ({ start: first, end: last + 1 })),
    reservedName: [...names],
  };
}

function describeField({ type, name, number }: LibraryField, envelope: string): Field {
  const { UINT32, UINT64, MESSAGE } = FieldDescriptorProto_Type;
  const label = type === 'more' ? FieldDescriptorProto_Label.REPEATED : FieldDescriptorProto_Label.OPTIONAL;
  const field = { name, number, label, jsonName: toCamelCase(name) };
  if (type === 'uint32' || type === 'uint64') return { ...field, type: type === 'uint32' ? UINT32 : UINT64 };
  return { ...field, type: MESSAGE, typeName: type === 'more' ? envelope : typeName(`duplex.v1.${type}`) };
}

function messageField(name: string, number: number, message: DescMessage): Field {
  return {
    ...{ name, number, label: FieldDescriptorProto_Label.OPTIONAL, jsonName: toCamelCase(name) },
    ...{ type: FieldDescriptorProto_Type.MESSAGE, typeName: typeName(message.typeName) },
  };
}

/** Descriptors name types in full, from the root. */
function typeName(name: string): string {
  return `.${name}`;
}
