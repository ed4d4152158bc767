import type { DescMessage } from '@bufbuild/protobuf';
import type { TsProtoNames } from '../messages/ts-proto-names.js';
import type { ContractModel } from '../model/contract-model.js';
import { type ImportKind, TypeScriptImports } from './ts-imports.js';

/** Types that the namespace of every contract declares; inside it they hide imports of the same name. */
const namespaceMembers = [
  'Operations',
  'Callbacks',
  'State',
  'Handler',
  'CallbackHandler',
  'Session',
  'Client',
] as const;

/** The function of a generated file that has the descriptors of its protos. */
export const descriptorsName = 'descriptors';

/** The names that are used in one generated file, imported as they are asked for. */
export interface TypeScriptScope {
  readonly imports: TypeScriptImports;
  /** Type or codec of a message; both have one name. */
  message(desc: DescMessage, kind: ImportKind): string;
  /** What the library offers to generated code. */
  runtime(name: string, kind: ImportKind): string;
}

/** Makes the scope of the file `path`, which declares the given contracts. */
export function createScope(
  path: string,
  contracts: readonly ContractModel[],
  runtime: string,
  names: TsProtoNames,
): TypeScriptScope {
  const imports = new TypeScriptImports([...namespaceMembers, descriptorsName, ...contracts.map(({ base }) => base)]);
  return {
    imports,
    message: (desc, kind) =>
      imports.use(names.module(desc.file, path), names.type(desc), kind, (name) => `${name}Message`),
    runtime: (name, kind) => imports.use(runtime, name, kind, (name) => `Duplex${name}`),
  };
}
