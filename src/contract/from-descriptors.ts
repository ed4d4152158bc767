import {
  create,
  type DescField,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { type BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { FieldMaskSchema, TimestampSchema, timestampDate, timestampFromDate } from '@bufbuild/protobuf/wkt';
import { memberName } from './member-name.js';
import type { MessageCodec } from './message-codec.js';

/** A message without a generated type: its fields by their names in code. */
export type PlainMessage = Readonly<Record<string, unknown>>;

/**
 * Makes a codec out of a descriptor. Its messages are the plain objects that
 * generated code has: `{ $case, value }` for a oneof, `bigint` for 64 bits,
 * `Date` for timestamps, bare values for wrappers and `google.protobuf.Value`,
 * numbers for enums. What has the wrong type is a TypeError or a RangeError.
 */
export function createMessageCodec(desc: DescMessage): MessageCodec<PlainMessage> {
  const read = (bytes: Uint8Array) => toPlain(reflect(desc, fromBinary(desc, bytes)));
  return Object.freeze({
    $type: desc.typeName,
    encode: (message: PlainMessage, writer: BinaryWriter = new BinaryWriter()) =>
      writer.raw(toBinary(desc, fromPlain(desc, message).message)),
    decode: (input: BinaryReader | Uint8Array, length?: number) =>
      read(input instanceof Uint8Array ? input : takeBytes(input, length)),
    fromPartial: (init: object) => toPlain(fromPlain(desc, init as PlainMessage)),
  });
}

/** The next bytes of a reader. It gives out a view of its buffer only when it skips something. */
function takeBytes(reader: BinaryReader, length = reader.len - reader.pos): Uint8Array {
  const start = reader.pos;
  if (start + length > reader.len) throw new RangeError('premature EOF');
  if (length === 0) return new Uint8Array();
  const view = reader.skip(WireType.Varint);
  reader.pos = start + length;
  return new Uint8Array(view.buffer, view.byteOffset, length);
}

function toPlain(message: ReflectMessage): PlainMessage {
  const plain: Record<string, unknown> = {};
  for (const member of message.members) {
    if (member.kind === 'oneof') {
      const field = message.oneofCase(member);
      const value = field && { $case: memberName(field.name), value: fieldToPlain(message, field) };
      define(plain, memberName(member.name), value);
    } else {
      define(plain, memberName(member.name), fieldToPlain(message, member));
    }
  }
  return plain;
}

/** Assignment, except that no name means anything special. */
function define(plain: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(plain, name, { value, writable: true, enumerable: true, configurable: true });
}

function fieldToPlain(message: ReflectMessage, field: DescField): unknown {
  switch (field.fieldKind) {
    case 'list':
      return [...message.get(field)].map(valueToPlain);
    case 'map': {
      const entries = [...message.get(field)].map(([key, value]) => [key, valueToPlain(value)] as const);
      if (entries.some(([key]) => typeof key === 'bigint' || typeof key === 'boolean') || hasMapKeys(field)) {
        return new Map(entries);
      }
      return Object.fromEntries(entries);
    }
    default: {
      const hasPresence = field.presence !== implicitPresence;
      return hasPresence && !message.isSet(field) ? undefined : valueToPlain(message.get(field));
    }
  }
}

function valueToPlain(value: unknown): unknown {
  if (!isReflectMessage(value)) return value;
  const { desc, message } = value;
  if (isWrapper(desc)) return value.get(valueField(desc));
  switch (desc.typeName) {
    case 'google.protobuf.Timestamp':
      return timestampDate(create(TimestampSchema, message as object));
    case 'google.protobuf.FieldMask':
      return create(FieldMaskSchema, message as object).paths;
    case 'google.protobuf.Struct':
    case 'google.protobuf.Value':
    case 'google.protobuf.ListValue':
      return toJson(desc, message);
    default:
      return toPlain(value);
  }
}

function fromPlain(desc: DescMessage, plain: PlainMessage): ReflectMessage {
  const message = reflect(desc);
  for (const member of message.members) {
    const name = memberName(member.name);
    if (!Object.hasOwn(plain, name)) continue;
    if (member.kind === 'oneof') {
      const chosen = plain[name] as { readonly $case: string; readonly value: unknown } | undefined;
      const field = member.fields.find((field) => memberName(field.name) === chosen?.$case);
      if (field !== undefined) setField(message, field, chosen?.value);
    } else {
      setField(message, member, plain[name]);
    }
  }
  return message;
}

function setField(message: ReflectMessage, field: DescField, value: unknown): void {
  if (value === undefined || (value === null && field.message?.typeName !== 'google.protobuf.Value')) return;
  const { message: element } = field;
  const convert = (item: unknown) => (element === undefined ? item : messageFromPlain(element, item));
  const checked = <Outcome>(error: Outcome | Error | undefined) => {
    if (error instanceof Error) throw new TypeError(`${field.parent.typeName}.${error.message}`);
  };
  switch (field.fieldKind) {
    case 'list':
      for (const item of value as Iterable<unknown>) checked(message.get(field).add(convert(item)));
      return;
    case 'map': {
      const entries =
        value instanceof Map
          ? value
          : Object.entries(value as object).map(([key, item]) => [mapKey(field, key), item] as const);
      for (const [key, item] of entries) checked(message.get(field).set(key, convert(item)));
      return;
    }
    default:
      checked(message.set(field, convert(value) as never));
  }
}

function messageFromPlain(desc: DescMessage, value: unknown): ReflectMessage {
  if (isWrapper(desc)) {
    const wrapper = reflect(desc);
    setField(wrapper, valueField(desc), value);
    return wrapper;
  }
  switch (desc.typeName) {
    case 'google.protobuf.Timestamp':
      return reflect(desc, timestampFromDate(value as Date));
    case 'google.protobuf.FieldMask':
      return reflect(desc, create(FieldMaskSchema, { paths: value as string[] }));
    case 'google.protobuf.Struct':
    case 'google.protobuf.Value':
    case 'google.protobuf.ListValue':
      return reflect(desc, fromJson(desc, value as JsonValue));
    default:
      return fromPlain(desc, value as PlainMessage);
  }
}

/** `IMPLICIT` of features.field_presence: a zero and nothing are the same. */
const implicitPresence = 2;

function isReflectMessage(value: unknown): value is ReflectMessage {
  return typeof value === 'object' && value !== null && 'members' in value && 'desc' in value;
}

function isWrapper(desc: DescMessage): boolean {
  return desc.file.name === 'google/protobuf/wrappers';
}

function valueField(desc: DescMessage): DescField & { fieldKind: 'scalar' } {
  const [field] = desc.fields;
  if (field?.fieldKind !== 'scalar') throw new TypeError(`${desc.typeName} is no wrapper`);
  return field;
}

/** Keys that no object has are those of a Map, as in generated code. */
function hasMapKeys(field: DescField & { fieldKind: 'map' }): boolean {
  return mapKinds.has(field.mapKey);
}

/** bool and the five 64 bit types of protobuf. */
const mapKinds: ReadonlySet<number> = new Set([8, 3, 4, 6, 16, 18]);

/** An object has its keys as strings; a descriptor knows better. */
function mapKey(field: DescField & { fieldKind: 'map' }, key: string): string | number | bigint | boolean {
  if (field.mapKey === 9) return key;
  if (field.mapKey === 8) return key === 'true';
  return hasMapKeys(field) ? BigInt(key) : Number(key);
}
