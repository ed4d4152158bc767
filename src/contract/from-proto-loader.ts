import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { create } from '@bufbuild/protobuf';
import * as wkt from '@bufbuild/protobuf/wkt';
import { describeFile, isPackage, isService, type Reflected, type ReflectedFile } from './from-protobufjs.js';

/** What is used of protobufjs, which comes with @grpc/proto-loader. */
interface Protobufjs {
  readonly Root: new () => Reflected & { resolveAll(): void; addJSON(json: unknown): void };
  readonly parse: {
    filename: string | null;
    (
      text: string,
      root: Reflected,
      options: { readonly keepCase: boolean },
    ): { readonly package?: string; readonly imports?: readonly string[] };
  };
  readonly common: { get(file: string): { readonly nested?: unknown } | null };
}

/** Protos that were read from their sources. */
export interface LoadedProtos {
  readonly image: wkt.FileDescriptorSet;
  /** The options of a service, or of a method by `package.Service.Method`, as they stand in the source. */
  options(fullName: string): readonly Readonly<Record<string, unknown>>[];
  /** The path of a file by the name that its descriptor has. */
  pathOf(name: string): string | undefined;
}

/**
 * Reads proto files and what they import, with the parser of
 * `@grpc/proto-loader`. That package itself drops the options of services, so
 * only its parser is used. Throws what the parser says is wrong, or which file
 * is missing.
 */
export function loadProtoFiles(files: readonly string[], includeDirs: readonly string[]): LoadedProtos {
  const reader = new ProtoReader(includeDirs);
  for (const file of files) reader.read(file);
  return reader.finish();
}

/** A file that was read, before what it declares is known. */
type ReadFile = Omit<ReflectedFile, 'declared'> & { readonly path: string };

class ProtoReader {
  readonly #includeDirs: readonly string[];
  readonly #protobufjs = requireProtobufjs();
  readonly #root = new this.#protobufjs.Root();
  /** By path; imported files stand before those that import them. */
  readonly #files = new Map<string, ReadFile>();
  readonly #builtIns = new Set<string>();

  constructor(includeDirs: readonly string[]) {
    this.#includeDirs = includeDirs;
  }

  read(file: string): void {
    const path = [file, ...this.#includeDirs.map((folder) => join(folder, file))]
      .map((path) => resolve(path))
      .find((path) => existsSync(path));
    if (path === undefined) throw new Error(`no such file: ${file}`);
    this.#load(path);
  }

  finish(): LoadedProtos {
    this.#root.resolveAll();
    const declared = topLevel(this.#root);
    const services = declared.filter(isService).flatMap((service) => [service, ...service.methodsArray]);
    const byName = new Map(services.map((object) => [object.fullName.slice(1), object]));
    const files = [...this.#files.values()];
    const described = files.map(({ path, ...file }) =>
      describeFile({ ...file, declared: declared.filter(({ filename }) => filename === path) }),
    );
    const names = new Set(files.map(({ name }) => name));
    const builtIns = [...wellKnown].filter(([name]) => !names.has(name)).map(([, file]) => file);
    return {
      image: create(wkt.FileDescriptorSetSchema, { file: [...builtIns, ...described] }),
      options: (fullName) => byName.get(fullName)?.parsedOptions ?? [],
      pathOf: (name) => files.find((file) => file.name === name)?.path,
    };
  }

  /** Reads a file and what it imports; the result is the name that its descriptor will have. */
  #load(path: string): string {
    const known = this.#files.get(path);
    if (known !== undefined) return known.name;
    const name = relative(this.#importFolder(path), path).replaceAll(sep, '/');
    const { package: scope = '', imports = [] } = this.#parse(path);
    // The library's protos are not needed: options are read as they stand in the source.
    const wanted = imports.filter((target) => !target.startsWith('duplex/v1/'));
    const names = wanted.map((target) => this.#import(target, path));
    this.#files.set(path, { name, path, package: scope, imports: names });
    return name;
  }

  /** An import is looked for in the include folders, then in the folders around the file that wants it. */
  #import(target: string, from: string): string {
    const path = [...this.#includeDirs, ...foldersAround(from)]
      .map((folder) => resolve(folder, target))
      .find((path) => existsSync(path));
    if (path !== undefined) return this.#load(path);
    const definition = wellKnown.has(target) ? this.#protobufjs.common.get(target) : undefined;
    if (!definition?.nested) throw new Error(`${from} imports ${target}, which is in none of the include folders`);
    if (!this.#builtIns.has(target)) this.#root.addJSON(definition.nested);
    this.#builtIns.add(target);
    return target;
  }

  #parse(path: string): { readonly package?: string; readonly imports?: readonly string[] } {
    const { parse } = this.#protobufjs;
    const text = readFileSync(path, 'utf8');
    if (/\b__proto__\b/.test(withoutComments(text))) {
      throw new Error(`${path} has the name __proto__, which the parser passes over: load an image instead`);
    }
    parse.filename = path;
    try {
      return parse(text, this.#root, { keepCase: true });
    } catch (error) {
      throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    } finally {
      parse.filename = null;
    }
  }

  /** The folder that a file is imported from: the include folder that has it, else its own. */
  #importFolder(path: string): string {
    return this.#includeDirs.find((folder) => !relative(resolve(folder), path).startsWith('..')) ?? dirname(path);
  }
}

function withoutComments(text: string): string {
  return text.replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '');
}

/** The folder of a file, the one around it, and so on. */
function foldersAround(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === path ? [] : [folder, ...foldersAround(folder)];
}

/** What is declared outside of messages, in all packages. */
function topLevel(object: Reflected): readonly Reflected[] {
  return (object.nestedArray ?? []).flatMap((nested) => (isPackage(nested) ? topLevel(nested) : [nested]));
}

/** Files that come with the compiler, in an order in which each imports only earlier ones. */
const wellKnown: ReadonlyMap<string, wkt.FileDescriptorProto> = new Map(
  [
    wkt.file_google_protobuf_any,
    wkt.file_google_protobuf_descriptor,
    wkt.file_google_protobuf_duration,
    wkt.file_google_protobuf_empty,
    wkt.file_google_protobuf_field_mask,
    wkt.file_google_protobuf_source_context,
    wkt.file_google_protobuf_struct,
    wkt.file_google_protobuf_timestamp,
    wkt.file_google_protobuf_type,
    wkt.file_google_protobuf_wrappers,
    wkt.file_google_protobuf_api,
  ].map(({ proto }) => [proto.name, proto]),
);

/** Loading the loader adds the well-known files that protobufjs lacks; its protobufjs is the one to use. */
function requireProtobufjs(): Protobufjs {
  const require = createRequire(import.meta.url);
  try {
    const loader = require.resolve('@grpc/proto-loader');
    require(loader);
    return createRequire(loader)('protobufjs') as Protobufjs;
  } catch (error) {
    throw new Error('proto files are read by @grpc/proto-loader: npm install @grpc/proto-loader', { cause: error });
  }
}
