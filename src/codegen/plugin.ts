import { posix } from 'node:path';
import { create, createFileRegistry, maximumEdition, minimumEdition } from '@bufbuild/protobuf';
import {
  type CodeGeneratorRequest,
  type CodeGeneratorResponse,
  CodeGeneratorResponse_Feature,
  CodeGeneratorResponseSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { type Finding, formatFindings } from './finding.js';
import { type GeneratedFile, generateContracts } from './generate-contracts.js';
import { selectMessageFiles } from './messages/message-files.js';
import { createTsProtoNames } from './messages/ts-proto-names.js';
import { createOptionReader } from './model/contract-options.js';
import { readContracts } from './model/read-contracts.js';
import { type PluginOptions, parsePluginOptions } from './plugin-options.js';
import { checkContracts } from './rules/check-contracts.js';
import { checkMessages } from './rules/message-rules.js';

/** What the plugin needs of the machine it runs on. */
export interface PluginHost {
  /** Reads a file by its path from the working directory; undefined if there is none. */
  readText(path: string): string | undefined;
  /** Has ts-proto write the messages of the given files. */
  runTsProto(
    request: CodeGeneratorRequest,
    files: readonly string[],
    options: ReadonlyMap<string, string>,
  ): Promise<CodeGeneratorResponse>;
}

/**
 * The plugin as a function: from descriptors to contract models, to rules, to
 * numbers, to text. It writes everything or nothing; what is wrong comes back
 * in the error of the response, all of it at once.
 */
export async function runPlugin(request: CodeGeneratorRequest, host: PluginHost): Promise<CodeGeneratorResponse> {
  const result = await runGenerator(request, host);
  return create(CodeGeneratorResponseSchema, {
    supportedFeatures: BigInt(
      CodeGeneratorResponse_Feature.PROTO3_OPTIONAL | CodeGeneratorResponse_Feature.SUPPORTS_EDITIONS,
    ),
    minimumEdition,
    maximumEdition,
    ...('findings' in result ? { error: formatFindings(result.findings) } : { file: [...result.files] }),
  });
}

/** What a run wrote, or what is wrong. */
export type GenerationResult = { readonly files: readonly GeneratedFile[] } | { readonly findings: readonly Finding[] };

/** What {@link runPlugin} does, for those who are not a compiler's plugin: with findings as data. */
export async function runGenerator(request: CodeGeneratorRequest, host: PluginHost): Promise<GenerationResult> {
  const options = parsePluginOptions(request.parameter);
  return 'findings' in options ? options : await generate(request, options, host);
}

async function generate(
  request: CodeGeneratorRequest,
  options: PluginOptions,
  host: PluginHost,
): Promise<GenerationResult> {
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: request.protoFile }));
  const reader = createOptionReader(registry);
  const names = createTsProtoNames(options.tsProto);
  const sources = [...registry.files]
    .filter((file) => request.fileToGenerate.includes(file.proto.name))
    .map((file) => ({ file, contracts: readContracts(file, reader) }))
    .filter(({ contracts }) => contracts.length > 0);
  const contracts = sources.flatMap(({ contracts }) => contracts);
  const readText = (path: string) => host.readText(posix.join(options.out, path));
  const results = sources.map(({ file, contracts }) =>
    generateContracts(file, contracts, { options, names, registry, readText }),
  );
  const findings = [
    ...checkContracts(contracts, registry),
    ...checkMessages(contracts, names),
    ...results.flatMap(({ findings }) => findings),
  ];
  if (findings.length > 0) return { findings };
  const messageFiles = selectMessageFiles(request.fileToGenerate, contracts, registry, options);
  const messages = await writeMessages(request, messageFiles, options, host);
  if ('findings' in messages) return messages;
  return { files: [...results.flatMap(({ files }) => files), ...messages.files] };
}

async function writeMessages(
  request: CodeGeneratorRequest,
  files: readonly string[],
  options: PluginOptions,
  host: PluginHost,
): Promise<GenerationResult> {
  if (files.length === 0) return { files: [] };
  try {
    const { file } = await host.runTsProto(request, files, options.tsProto);
    return { files: file.map(({ name, content }) => ({ name: posix.join(options.tsOut, name), content })) };
  } catch (error) {
    const message = `ts-proto could not write the messages: ${error instanceof Error ? error.message : String(error)}`;
    return { findings: [{ rule: 'ts-proto', message, hint: 'Install ts-proto 2 beside grpc-duplex.' }] };
  }
}
