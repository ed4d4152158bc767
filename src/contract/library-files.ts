/**
 * Whether a proto file is one that every host has without being told: the
 * options and messages of this library, and the types that protobuf brings.
 */
export function isLibraryFile(name: string): boolean {
  return name.startsWith('duplex/v1/') || protobufFiles.has(name);
}

/** Files that `@bufbuild/protobuf/wkt` has descriptors of, imports first. */
export const protobufFileNames = [
  'google/protobuf/any.proto',
  'google/protobuf/descriptor.proto',
  'google/protobuf/duration.proto',
  'google/protobuf/empty.proto',
  'google/protobuf/field_mask.proto',
  'google/protobuf/source_context.proto',
  'google/protobuf/struct.proto',
  'google/protobuf/timestamp.proto',
  'google/protobuf/type.proto',
  'google/protobuf/wrappers.proto',
] as const;

const protobufFiles: ReadonlySet<string> = new Set(protobufFileNames);
