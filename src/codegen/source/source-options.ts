import type { OptionReader } from '../model/contract-options.js';
import { candidates } from '../model/resolve.js';

type SourceOptions = readonly Readonly<Record<string, unknown>>[];

/**
 * Reads options as they stand in sources, where nobody has looked at their
 * types: by their names in parentheses, with fields as the proto spells them.
 * The result is the same as that of descriptors.
 */
export function createSourceOptionReader(optionsOf: (fullName: string) => SourceOptions): OptionReader {
  const read = (fullName: string, scope: string, option: string) => {
    const values = optionsOf(fullName).flatMap((entry) =>
      Object.entries(entry).flatMap(([key, value]) => (isNamed(key, scope, option) ? [value] : [])),
    );
    return values.length === 0 ? undefined : toJsonForm(Object.assign({}, ...values));
  };
  return {
    contract: ({ typeName, file }) => read(typeName, file.proto.package, 'duplex.v1.contract'),
    callback: ({ typeName, file }) => read(typeName, file.proto.package, 'duplex.v1.callback'),
    operation: ({ name, parent }) =>
      read(`${parent.typeName}.${name}`, parent.file.proto.package, 'duplex.v1.operation'),
  };
}

function isNamed(key: string, scope: string, option: string): boolean {
  const name = /^\((.*)\)$/.exec(key)?.[1];
  return name !== undefined && candidates(name, scope).includes(option);
}

/** `empty_is_one_way` becomes `emptyIsOneWay`; a single fault a list of one. */
function toJsonForm(option: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(option).map(([key, value]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      key === 'faults' && !Array.isArray(value) ? [value] : value,
    ]),
  );
}
