import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { CodeGeneratorRequestSchema, type DescriptorProto, type FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import type { Finding } from '../../codegen/finding.js';
import { runTsProto } from '../../codegen/messages/run-ts-proto.js';
import { duplexStem } from '../../codegen/model/names.js';
import { runGenerator } from '../../codegen/plugin.js';
import type { GenerationOptions, WantedFile } from './generation.js';
import type { ReflectedContracts } from './reflect.js';

const wireFolder = 'wire-proto';

/**
 * The TypeScript of contracts that a service described. Their numbers are
 * those that it uses. Wire protos are not written: they import contracts that
 * are not here.
 */
export async function generateFromService(
  { image, contracts }: ReflectedContracts,
  { out, options }: GenerationOptions,
): Promise<{ readonly files: readonly WantedFile[] } | { readonly findings: readonly Finding[] }> {
  const wireFiles = new Map(
    contracts.map((name) => `${duplexStem(name)}.proto`).map((name) => [name, find(image.file, name)]),
  );
  const request = create(CodeGeneratorRequestSchema, {
    protoFile: image.file.filter(({ name }) => !wireFiles.has(name)),
    fileToGenerate: [...contracts],
    parameter: [...options, `wire_out=${wireFolder}`, 'ts_out=.'].join(','),
  });
  // The generator reads numbers out of wire protos; what it looks for in them is written for it here.
  const readText = (path: string) => {
    const wireFile = wireFiles.get(path.slice(wireFolder.length + 1));
    return path.startsWith(`${wireFolder}/`) && wireFile ? printNumbers(wireFile) : undefined;
  };
  const result = await runGenerator(request, { readText, runTsProto });
  if ('findings' in result) return result;
  const written = result.files.filter(({ name }) => !name.startsWith(`${wireFolder}/`));
  return { files: written.map(({ name, content }) => ({ path: join(out, name), content })) };
}

function find(files: readonly FileDescriptorProto[], name: string): FileDescriptorProto | undefined {
  return files.find((file) => file.name === name);
}

function printNumbers({ messageType }: FileDescriptorProto): string {
  return messageType.map((message) => `message ${message.name} {\n${printFields(message).join('\n')}\n}\n`).join('\n');
}

function printFields({ field, reservedRange, reservedName }: DescriptorProto): readonly string[] {
  return [
    ...field.map(({ name, number, typeName }) => `${typeName.replace(/^\./, '') || 'uint64'} ${name} = ${number};`),
    ...reservedRange.map(({ start, end }) => `reserved ${start} to ${end - 1};`),
    ...reservedName.map((name) => `reserved "${name}";`),
  ];
}
