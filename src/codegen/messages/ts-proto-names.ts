import { posix } from 'node:path';
import type { DescEnum, DescFile, DescMessage } from '@bufbuild/protobuf';
import { memberName } from '../../contract/member-name.js';

/** How ts-proto names what it writes, as far as generated contracts refer to it. */
export interface TsProtoNames {
  /** Name of the type and of its codec, e.g. `Outer_Inner`. */
  type(desc: DescMessage | DescEnum): string;
  /** The specifier by which `importer`, a path such as `a/v1/a_duplex.ts`, imports the types of a file. */
  module(file: DescFile, importer: string): string;
}

/** Types that ts-proto renames because JavaScript has them. */
const renamed: ReadonlySet<string> = new Set(['Date', 'Function']);

/** Follows ts-proto's naming under the given options. Source: `visit` and `impProto` of ts-proto 2.18. */
export function createTsProtoNames(options: ReadonlyMap<string, string>): TsProtoNames {
  const option = (name: string, otherwise = '') => options.get(name) ?? otherwise;
  const delimiter = option('useSnakeTypeName', 'true') === 'false' ? '' : '_';
  const camel = /^(true|.*keys.*)$/.test(option('snakeToCamel', 'keys')) ? memberName : (name: string) => name;
  return {
    type(desc) {
      const kind = desc.kind;
      const wrapped = [
        option('typePrefix') + option(`${kind}Prefix`),
        ...[nesting(desc).map(camel).join(delimiter)],
        option(`${kind}Suffix`) + option('typeSuffix'),
      ].join('');
      return renamed.has(wrapped) ? `${wrapped}Message` : wrapped;
    },
    module(file, importer) {
      const mapped = options.get(`M${file.name}.proto`);
      if (mapped !== undefined) return mapped;
      const path = posix.relative(posix.dirname(importer), `${file.name}${option('fileSuffix')}`);
      return `${path.startsWith('.') ? path : `./${path}`}${option('importSuffix')}`;
    },
  };
}

function nesting(desc: DescMessage | DescEnum): readonly string[] {
  return desc.parent === undefined ? [desc.name] : [...nesting(desc.parent), desc.name];
}
