import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { memberName } from '../../../src/contract/member-name.js';

/**
 * A message of a type with something in every field, as generated code has it:
 * the same each time. Recursive types end after a few levels.
 */
export function sampleOf(desc: DescMessage, depth = 0): Record<string, unknown> {
  const sample: Record<string, unknown> = {};
  for (const member of desc.members) {
    if (member.kind === 'field') sample[memberName(member.name)] = sampleField(member, depth);
    else {
      const field = member.fields[depth % member.fields.length];
      sample[memberName(member.name)] = field && { $case: memberName(field.name), value: sampleField(field, depth) };
    }
  }
  return sample;
}

function sampleField(field: DescField, depth: number): unknown {
  switch (field.fieldKind) {
    case 'scalar':
      return sampleScalar(field.scalar);
    case 'enum':
      return field.enum.values.at(-1)?.number;
    case 'message':
      return sampleMessage(field.message, depth);
    case 'list':
      return depth > 2 ? [] : [sampleElement(field, depth), sampleElement(field, depth)];
    case 'map': {
      const key = sampleScalar(field.mapKey);
      const entries = depth > 2 ? [] : [[key, sampleElement(field, depth)] as const];
      const isMap = typeof key === 'bigint' || typeof key === 'boolean';
      return isMap ? new Map(entries) : Object.fromEntries(entries);
    }
  }
}

function sampleElement(field: DescField & { fieldKind: 'list' | 'map' }, depth: number): unknown {
  if (field.message) return sampleMessage(field.message, depth);
  return field.enum ? field.enum.values.at(-1)?.number : sampleScalar(field.scalar ?? ScalarType.INT32);
}

function sampleMessage(desc: DescMessage, depth: number): unknown {
  if (desc.file.name === 'google/protobuf/wrappers') return sampleOf(desc)['value'];
  switch (desc.typeName) {
    case 'google.protobuf.Timestamp':
      return new Date(1_234_567_890_123);
    case 'google.protobuf.FieldMask':
      return ['text', 'deep.value'];
    case 'google.protobuf.Struct':
      return { text: 'text', deep: { value: [1, true, null] } };
    case 'google.protobuf.Value':
      return { text: ['text'] };
    case 'google.protobuf.ListValue':
      return [1, 'text', { deep: true }];
    default:
      return depth > 2 ? undefined : sampleOf(desc, depth + 1);
  }
}

function sampleScalar(type: ScalarType): string | number | bigint | boolean | Uint8Array {
  switch (type) {
    case ScalarType.STRING:
      return 'text';
    case ScalarType.BOOL:
      return true;
    case ScalarType.BYTES:
      return new Uint8Array([0, 1, 255]);
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return 1.5;
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return -(2n ** 60n);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return 2n ** 63n;
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return 2 ** 31;
    default:
      return -7;
  }
}
