import type { Finding } from './finding.js';

/** What the `opt` of the compiler's configuration says, completed with defaults. */
export interface PluginOptions {
  /** The plugin's `out`, from the directory in which the compiler runs; where the numbers are looked up. */
  readonly out: string;
  /** Where wire protos are, from `out`. */
  readonly wireOut: string;
  /** Where TypeScript goes, from `out`. */
  readonly tsOut: string;
  /** What generated contracts import. */
  readonly runtime: string;
  /** Options of ts-proto by name; `Mfile=module` mappings have the name `Mfile`. */
  readonly tsProto: ReadonlyMap<string, string>;
}

/** The options with which ts-proto writes messages that generated contracts fit. Any of them may be overridden. */
const tsProtoDefaults = {
  outputServices: 'none',
  env: 'both',
  importSuffix: '.js',
  oneof: 'unions-value',
  forceLong: 'bigint',
  enumsAsLiterals: 'true',
  removeEnumPrefix: 'true',
  useExactTypes: 'false',
  annotateFilesWithVersion: 'false',
  outputTypeAnnotations: 'static-only',
} as const;

/**
 * Reads the plugin's parameter, `name=value` separated by commas. Names that
 * are not the plugin's own are ts-proto's.
 */
export function parsePluginOptions(parameter: string): PluginOptions | { readonly findings: readonly Finding[] } {
  const pairs = parameter
    .split(',')
    .filter((pair) => pair.trim() !== '')
    .map(parsePair);
  const given = new Map(pairs);
  const take = (name: string, otherwise: string) => {
    const value = given.get(name) ?? otherwise;
    given.delete(name);
    return value;
  };
  const own = {
    out: take('out', '.'),
    wireOut: take('wire_out', '.'),
    tsOut: take('ts_out', '.'),
    runtime: take('runtime', 'grpc-duplex/codegen/v1'),
  };
  const findings = [...checkFolder('wire_out', own.wireOut), ...checkFolder('ts_out', own.tsOut)];
  if (findings.length > 0) return { findings };
  return { ...own, tsProto: new Map([...Object.entries(tsProtoDefaults), ...given]) };
}

function parsePair(pair: string): readonly [name: string, value: string] {
  const [name = '', ...value] = pair.trim().split('=');
  return [name, value.length === 0 ? 'true' : value.join('=')];
}

/** A compiler writes only below `out`, and reports anything else in its own, less helpful words. */
function checkFolder(name: string, folder: string): readonly Finding[] {
  if (!folder.startsWith('/') && !folder.split('/').includes('..')) return [];
  return [
    {
      rule: 'plugin-option',
      message: `${name}=${folder} is not below the plugin's "out".`,
      hint: 'Set "out" to a directory that contains it, usually ".", and give the path from there.',
    },
  ];
}
