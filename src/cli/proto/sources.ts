import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { generatedMark } from '../../codegen/print/text.js';
import { UsageError } from '../command.js';

/** One proto file, from the disk or from an older version. */
export interface ProtoSource {
  /** As other files import it, e.g. `calculator/v1/calculator.proto`. */
  readonly name: string;
  /** Where it is, as it is shown to the user and written to: from the working directory. */
  readonly path: string;
  /** The folder from which it is imported, from the working directory. */
  readonly root: string;
  readonly text: string;
}

/** The protos of a run. */
export interface ProtoSources {
  /** What was asked for: what is generated. */
  readonly targets: readonly ProtoSource[];
  /** What these may import. */
  readonly others: readonly ProtoSource[];
  /** Wire protos among them, which are written and never compiled with the contracts. */
  readonly wireProtos: readonly ProtoSource[];
}

/** Which files a command line names. */
export interface SourceOptions {
  readonly cwd: string;
  /** Files and folders; `proto` if there are none. */
  readonly paths: readonly string[];
  /** More folders to import from. */
  readonly includes: readonly string[];
}

/**
 * Finds the protos. A folder is imported from where it is; a single file from
 * the `--include` folder that contains it, else from `proto`, else from its
 * own folder. The options of contracts come out of this package. Of files with
 * one import name the first counts.
 */
export function findSources({ cwd, paths, includes }: SourceOptions): ProtoSources {
  const wanted = paths.length === 0 ? ['proto'] : paths;
  const targets = wanted.flatMap((path) => {
    const stats = statSync(resolve(cwd, path), { throwIfNoEntry: false });
    if (stats === undefined) throw new UsageError(`no such file or folder: ${path}`);
    return stats.isDirectory() ? readFolder(cwd, path) : [readSource(cwd, rootOf(cwd, path, includes), path)];
  });
  const roots = new Set([...includes, ...targets.map(({ root }) => root)]);
  const missing = includes.find((folder) => !existsSync(resolve(cwd, folder)));
  if (missing !== undefined) throw new UsageError(`no such folder: ${missing}`);
  const others = [...roots, ownProtos(cwd)].flatMap((root) => readFolder(cwd, root));
  const sources = sortSources(targets, others);
  if (sources.targets.length === 0) throw new UsageError(`no protos in ${wanted.join(', ')}`);
  return sources;
}

/** Tells targets, imports and wire protos apart; each name is kept once. */
export function sortSources(targets: readonly ProtoSource[], others: readonly ProtoSource[]): ProtoSources {
  const seen = new Set<string>();
  const unseen = ({ name }: ProtoSource) => {
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  };
  const [first, second] = [targets.filter(unseen), others.filter(unseen)];
  return {
    targets: first.filter((source) => !isWireProto(source)),
    others: second.filter((source) => !isWireProto(source)),
    wireProtos: [...first, ...second].filter(isWireProto),
  };
}

/** Whether the generator wrote a file. One that is called like a wire proto by chance is none. */
function isWireProto({ name, text }: ProtoSource): boolean {
  return name.endsWith('_duplex.proto') && text.startsWith(generatedMark);
}

/** Every proto below a folder; dependencies and hidden folders are passed over. */
function readFolder(cwd: string, root: string): readonly ProtoSource[] {
  return listProtos(resolve(cwd, root)).map((file) => readSource(cwd, root, file));
}

function listProtos(folder: string): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) return [];
    if (entry.isDirectory()) return listProtos(path);
    return entry.name.endsWith('.proto') ? [path] : [];
  });
}

function readSource(cwd: string, root: string, file: string): ProtoSource {
  const path = resolve(cwd, file);
  const name = relative(resolve(cwd, root), path).replaceAll(sep, '/');
  return { name, path: relative(cwd, path), root, text: readFileSync(path, 'utf8') };
}

function rootOf(cwd: string, file: string, includes: readonly string[]): string {
  const isInside = (folder: string) => !relative(resolve(cwd, folder), resolve(cwd, file)).startsWith('..');
  return [...includes, 'proto'].find(isInside) ?? dirname(file);
}

/** The protos of the user's grpc-duplex, so that they fit what contracts are built with; else those of this one. */
function ownProtos(cwd: string): string {
  try {
    const manifest = createRequire(pathToFileURL(join(cwd, 'index.js'))).resolve('grpc-duplex/package.json');
    return join(dirname(manifest), 'proto');
  } catch {
    return join(dirname(createRequire(import.meta.url).resolve('grpc-duplex/package.json')), 'proto');
  }
}
