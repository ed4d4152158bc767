import type { DescMessage, FileRegistry } from '@bufbuild/protobuf';

/**
 * How a proto file of the package `scope` refers to a message: in its own
 * package by the shortest name, elsewhere by the full one. A leading dot is
 * added where the full name would be found in an inner package instead:
 * `google.protobuf.Empty` in the package `acme.google.v1`.
 */
export function protoTypeName({ typeName, file }: DescMessage, scope: string, registry: FileRegistry): string {
  const { package: own } = file.proto;
  if (own === scope) return own === '' ? typeName : typeName.slice(own.length + 1);
  return qualifyProtoName(typeName, scope, registry);
}

/** As {@link protoTypeName}, of a full name in another package. */
export function qualifyProtoName(typeName: string, scope: string, registry: FileRegistry): string {
  const [first = ''] = typeName.split('.');
  const parts = scope === '' ? [] : scope.split('.');
  const inner = parts.map((_, index) => [...parts.slice(0, index + 1), first].join('.'));
  const packages = [...registry.files].map((file) => `${file.proto.package}.`);
  const hidden = inner.some((name) => packages.some((known) => known.startsWith(`${name}.`)));
  return hidden ? `.${typeName}` : typeName;
}
