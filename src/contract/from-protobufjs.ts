import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type DescriptorProtoSchema,
  Edition,
  type EnumDescriptorProtoSchema,
  FeatureSet_FieldPresence,
  FeatureSet_MessageEncoding,
  FeatureSet_RepeatedFieldEncoding,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  type FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type ServiceDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';

/** What is read of a protobufjs reflection object; which kind it is shows in what it has. */
export interface Reflected {
  readonly name: string;
  readonly fullName: string;
  readonly filename?: string | null;
  readonly parsedOptions?: readonly Readonly<Record<string, unknown>>[] | null;
  readonly nestedArray?: readonly Reflected[];
}

interface ReflectedField extends Reflected {
  readonly id: number;
  readonly type: string;
  readonly keyType?: string;
  readonly repeated: boolean;
  readonly required: boolean;
  readonly hasPresence: boolean;
  readonly packed: boolean;
  readonly delimited: boolean;
  readonly resolvedType?: Reflected | null;
  readonly partOf?: ReflectedOneof | null;
}

interface ReflectedOneof extends Reflected {
  readonly isProto3Optional: boolean;
}

interface ReflectedType extends Reflected {
  readonly fieldsArray: readonly ReflectedField[];
  readonly oneofsArray: readonly ReflectedOneof[];
}

interface ReflectedEnum extends Reflected {
  readonly values: Readonly<Record<string, number>>;
}

/** A service, with the methods in the order of the source. */
export interface ReflectedService extends Reflected {
  readonly methodsArray: readonly ReflectedMethod[];
}

interface ReflectedMethod extends Reflected {
  readonly requestStream?: boolean;
  readonly responseStream?: boolean;
  readonly resolvedRequestType?: Reflected | null;
  readonly resolvedResponseType?: Reflected | null;
}

/** One file as its own text says it. */
export interface ReflectedFile {
  readonly name: string;
  readonly package: string;
  readonly imports: readonly string[];
  readonly declared: readonly Reflected[];
}

type Init<Schema extends Parameters<typeof create>[0]> = Exclude<MessageInitShape<Schema>, { $typeName: string }>;

/**
 * Descriptors of a file that protobufjs has read. Its own are made by package
 * instead of by file, so these are ours. They are in the terms of an edition,
 * which can say what every syntax means field by field.
 */
export function describeFile({ name, package: scope, imports, declared }: ReflectedFile): FileDescriptorProto {
  return create(FileDescriptorProtoSchema, {
    name,
    package: scope,
    dependency: [...imports],
    syntax: 'editions',
    edition: Edition.EDITION_2023,
    messageType: declared.filter(isType).map(describeType),
    enumType: declared.filter(isEnum).map(describeEnum),
    service: declared.filter(isService).map(describeService),
  });
}

/** Whether a reflection object is a service. */
export function isService(object: Reflected): object is ReflectedService {
  return 'methodsArray' in object;
}

/** Whether it is a package, which only holds other objects. */
export function isPackage(object: Reflected): boolean {
  return object.nestedArray !== undefined && !isType(object) && !isService(object) && !isEnum(object);
}

function isType(object: Reflected): object is ReflectedType {
  return 'fieldsArray' in object && 'oneofsArray' in object;
}

function isEnum(object: Reflected): object is ReflectedEnum {
  return 'values' in object;
}

function describeType(type: ReflectedType): Init<typeof DescriptorProtoSchema> {
  const oneofs = type.oneofsArray.filter(({ isProto3Optional }) => !isProto3Optional);
  const nested = type.nestedArray ?? [];
  return {
    name: type.name,
    field: type.fieldsArray.map((field) => describeField(field, oneofs)),
    oneofDecl: oneofs.map(({ name }) => ({ name })),
    nestedType: [...nested.filter(isType).map(describeType), ...type.fieldsArray.flatMap(describeEntry)],
    enumType: nested.filter(isEnum).map(describeEnum),
  };
}

function describeField(
  field: ReflectedField,
  oneofs: readonly ReflectedOneof[],
): Init<typeof FieldDescriptorProtoSchema> {
  const oneof = field.partOf ? oneofs.indexOf(field.partOf) : -1;
  const many = field.repeated || field.keyType !== undefined;
  const single = field.keyType === undefined && !(field.resolvedType && isType(field.resolvedType));
  return {
    name: field.name,
    jsonName: jsonName(field.name),
    number: field.id,
    label: many ? FieldDescriptorProto_Label.REPEATED : FieldDescriptorProto_Label.OPTIONAL,
    ...(field.keyType === undefined
      ? typeOf(field)
      : { type: FieldDescriptorProto_Type.MESSAGE, typeName: `${ownerOf(field)}.${entryName(field)}` }),
    ...(oneof >= 0 && { oneofIndex: oneof }),
    options: {
      features: {
        ...(!many && (single || field.required) && oneof < 0 && { fieldPresence: presenceOf(field) }),
        ...(field.repeated && {
          repeatedFieldEncoding: field.packed
            ? FeatureSet_RepeatedFieldEncoding.PACKED
            : FeatureSet_RepeatedFieldEncoding.EXPANDED,
        }),
        ...(field.delimited && { messageEncoding: FeatureSet_MessageEncoding.DELIMITED }),
      },
    },
  };
}

function presenceOf({ required, hasPresence }: ReflectedField): FeatureSet_FieldPresence {
  if (required) return FeatureSet_FieldPresence.LEGACY_REQUIRED;
  return hasPresence ? FeatureSet_FieldPresence.EXPLICIT : FeatureSet_FieldPresence.IMPLICIT;
}

/** A map is a list of messages of a key and a value. */
function describeEntry(field: ReflectedField): readonly Init<typeof DescriptorProtoSchema>[] {
  if (field.keyType === undefined) return [];
  const label = FieldDescriptorProto_Label.OPTIONAL;
  return [
    {
      name: entryName(field),
      field: [
        { name: 'key', jsonName: 'key', number: 1, label, type: scalarType(field.keyType) },
        { name: 'value', jsonName: 'value', number: 2, label, ...typeOf(field) },
      ],
      options: { mapEntry: true },
    },
  ];
}

function entryName({ name }: ReflectedField): string {
  const words = name.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${words.join('')}Entry`;
}

/** The name in JSON and in code, in the way of protobuf. */
function jsonName(name: string): string {
  return name.replace(/_+(.)/g, (_, letter: string) => letter.toUpperCase());
}

function ownerOf({ fullName }: ReflectedField): string {
  return fullName.slice(0, fullName.lastIndexOf('.'));
}

function typeOf({ type, resolvedType }: ReflectedField): Init<typeof FieldDescriptorProtoSchema> {
  if (!resolvedType) return { type: scalarType(type) };
  const kind = isEnum(resolvedType) ? FieldDescriptorProto_Type.ENUM : FieldDescriptorProto_Type.MESSAGE;
  return { type: kind, typeName: resolvedType.fullName };
}

function scalarType(name: string): FieldDescriptorProto_Type {
  return FieldDescriptorProto_Type[name.toUpperCase() as keyof typeof FieldDescriptorProto_Type];
}

/** An open enum has a zero first; one that has none is closed. */
function describeEnum({ name, values }: ReflectedEnum): Init<typeof EnumDescriptorProtoSchema> {
  const value = Object.entries(values).map(([name, number]) => ({ name, number }));
  return { name, value, ...(value[0]?.number !== 0 && { options: { features: { enumType: 2 } } }) };
}

function describeService({ name, methodsArray }: ReflectedService): Init<typeof ServiceDescriptorProtoSchema> {
  return {
    name,
    method: methodsArray.map((method) => ({
      name: method.name,
      inputType: method.resolvedRequestType?.fullName ?? '',
      outputType: method.resolvedResponseType?.fullName ?? '',
      clientStreaming: method.requestStream ?? false,
      serverStreaming: method.responseStream ?? false,
    })),
  };
}
