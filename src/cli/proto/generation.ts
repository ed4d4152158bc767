import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { CodeGeneratorRequestSchema, type FileDescriptorSet } from '@bufbuild/protobuf/wkt';
import type { Finding } from '../../codegen/finding.js';
import { runTsProto } from '../../codegen/messages/run-ts-proto.js';
import { duplexStem } from '../../codegen/model/names.js';
import { runGenerator } from '../../codegen/plugin.js';
import { compileProtos } from './compile.js';
import type { ProtoSource, ProtoSources } from './sources.js';

/** Where a run writes, and how. */
export interface GenerationOptions {
  readonly cwd: string;
  /** Folder of the TypeScript. */
  readonly out: string;
  /** Folder of the wire protos; beside their contracts if there is none. */
  readonly wireOut: string | undefined;
  /** Options of the plugin and of ts-proto, `name=value`. */
  readonly options: readonly string[];
}

/** A file as it should be; its path is from the working directory. */
export interface WantedFile {
  readonly path: string;
  readonly content: string;
}

/** What contracts turn into, and what they were compiled to. */
export interface Generation {
  readonly files: readonly WantedFile[];
  /** Those of the files that are wire protos, by the name under which they are imported. */
  readonly wireProtos: readonly ProtoSource[];
  readonly image: FileDescriptorSet;
}

// The generator thinks of one folder to write to; these stand for two that are anywhere.
const wireFolder = 'wire-proto';
const typescriptFolder = 'typescript';

/** Compiles protos and generates from them, in memory. What is wrong comes back with paths as the user knows them. */
export async function generateFrom(
  sources: ProtoSources,
  options: GenerationOptions,
): Promise<Generation | { readonly findings: readonly Finding[] }> {
  const { cwd, wireOut, out } = options;
  const compiled = await compileProtos(sources.targets, sources.others, cwd);
  if ('findings' in compiled) return { findings: showPaths(compiled.findings, sources, options) };
  const request = create(CodeGeneratorRequestSchema, {
    protoFile: compiled.image.file,
    fileToGenerate: sources.targets.map(({ name }) => name),
    parameter: [...options.options, `wire_out=${wireFolder}`, `ts_out=${typescriptFolder}`].join(','),
  });
  const place = (path: string) => placeOf(path, sources, wireOut, out);
  const readText = (path: string) => readIfPresent(resolve(cwd, place(path)));
  const result = await runGenerator(request, { readText, runTsProto });
  if ('findings' in result) return { findings: showPaths(result.findings, sources, options) };
  return {
    files: result.files.map(({ name, content }) => ({ path: place(name), content })),
    wireProtos: result.files
      .filter(({ name }) => name.startsWith(`${wireFolder}/`))
      .map(({ name, content }) => ({
        name: name.slice(wireFolder.length + 1),
        path: place(name),
        root: '.',
        text: content,
      })),
    image: compiled.image,
  };
}

/** Where a generated file belongs: TypeScript in one folder, a wire proto in another or beside its contract. */
function placeOf(path: string, { targets }: ProtoSources, wireOut: string | undefined, out: string): string {
  if (!path.startsWith(`${wireFolder}/`)) return join(out, path.slice(typescriptFolder.length + 1));
  const name = path.slice(wireFolder.length + 1);
  const contract = targets.find((target) => `${duplexStem(target.name)}.proto` === name);
  return join(wireOut ?? contract?.root ?? '.', name);
}

/** The text of a file; undefined if there is none. */
export function readIfPresent(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Findings name files as the compiler does; users know them by their paths. */
export function showPaths(
  findings: readonly Finding[],
  sources: ProtoSources,
  { cwd, wireOut, out }: Pick<GenerationOptions, 'cwd' | 'wireOut' | 'out'>,
): readonly Finding[] {
  const all: readonly ProtoSource[] = [...sources.targets, ...sources.others];
  const paths = new Map(all.map(({ name, path }) => [name, path]));
  const place = (text: string) =>
    text.replace(new RegExp(`\\b${wireFolder}/\\S*\\.proto`, 'g'), (path) => placeOf(path, sources, wireOut, out));
  return findings.map((finding) => ({
    ...finding,
    message: place(finding.message),
    hint: place(finding.hint),
    position: finding.position && {
      ...finding.position,
      file: paths.get(finding.position.file) ?? relative(cwd, resolve(cwd, place(finding.position.file))),
    },
  }));
}
