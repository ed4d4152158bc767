import { create } from '@bufbuild/protobuf';
import { type CodeGeneratorRequest, CodeGeneratorResponseSchema } from '@bufbuild/protobuf/wkt';
import { runPlugin } from '../../../src/codegen/plugin.js';
import { compile, proto } from './compile.js';

/** What a run wrote, and what it said was wrong: one line per finding. */
export interface RunResult {
  readonly files: ReadonlyMap<string, string>;
  readonly findings: readonly string[];
  /** What ts-proto was asked to write. */
  readonly messageFiles: readonly string[];
}

/** Runs the plugin in this process, without ts-proto; `present` are the files that are already there. */
export async function run(
  request: CodeGeneratorRequest,
  present: ReadonlyMap<string, string> = new Map(),
): Promise<RunResult> {
  let messageFiles: readonly string[] = [];
  const response = await runPlugin(request, {
    readText: (path) => present.get(path),
    runTsProto: async (_, files) => {
      messageFiles = files;
      return create(CodeGeneratorResponseSchema);
    },
  });
  return {
    files: new Map(response.file.map(({ name, content }) => [name, content])),
    findings: response.error === '' ? [] : response.error.split('\n'),
    messageFiles,
  };
}

/** Runs the plugin on one file, `demo.proto` of the package `demo.v1`. */
export function runOn(body: string, present?: ReadonlyMap<string, string>, parameter?: string): Promise<RunResult> {
  return run(compile({ 'demo.proto': proto(body) }, parameter), present);
}

/** The generated wire proto of `demo.proto`. */
export async function wireProtoOf(body: string, present?: ReadonlyMap<string, string>): Promise<string> {
  return fileOf(await runOn(body, present), 'demo_duplex.proto');
}

/** The generated TypeScript of `demo.proto`. */
export async function typescriptOf(body: string, parameter?: string): Promise<string> {
  return fileOf(await runOn(body, undefined, parameter), 'demo_duplex.ts');
}

function fileOf({ files, findings }: RunResult, name: string): string {
  const text = files.get(name);
  if (text === undefined) throw new Error(findings.join('\n'));
  return text;
}
