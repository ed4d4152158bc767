import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { create, fromBinary } from '@bufbuild/protobuf';
import {
  type CodeGeneratorRequest,
  CodeGeneratorRequestSchema,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';

/** The repository. */
export const root = resolve(import.meta.dirname, '../../..');

/** buf itself, without the Node process that usually starts it and costs as much again. */
const bufBinary = createRequire(createRequire(import.meta.url).resolve('@bufbuild/buf/package.json')).resolve(
  `@bufbuild/buf-${process.platform}-${process.arch}/bin/buf${process.platform === 'win32' ? '.exe' : ''}`,
);

/** Proto files by name; what stands before the first service is up to {@link proto}. */
export type ProtoFiles = Readonly<Record<string, string>>;

/** A proto3 file of the package `demo.v1` which sees the options of contracts and Empty. */
export function proto(body: string): string {
  return [
    'syntax = "proto3";',
    'package demo.v1;',
    'import "duplex/v1/contract.proto";',
    'import "google/protobuf/empty.proto";',
    body,
  ].join('\n');
}

/** A buf workspace in a folder of its own: the given files in `proto`, the library's beside them. */
export function createWorkspace(files: ProtoFiles): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'grpc-duplex-codegen-'));
  cpSync(join(root, 'proto'), join(folder, 'library'), { recursive: true });
  write(folder, 'buf.yaml', 'version: v2\nmodules:\n  - path: proto\n  - path: library\n');
  for (const [name, text] of Object.entries(files)) write(folder, join('proto', name), text);
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}

/** Runs buf; throws what it says if it fails. */
export function buf(folder: string, ...args: readonly string[]): Buffer {
  const { status, stdout, stderr } = spawnSync(bufBinary, args, { cwd: folder });
  if (status !== 0) throw new Error(`${stdout.toString()}${stderr.toString()}`.trim());
  return stdout;
}

/** The request that a compiler would make for the given files. */
export function compile(files: ProtoFiles, parameter = ''): CodeGeneratorRequest {
  const protoFile: FileDescriptorProto[] = fromBinary(FileDescriptorSetSchema, build(files)).file;
  return create(CodeGeneratorRequestSchema, { protoFile, fileToGenerate: Object.keys(files), parameter });
}

/** Descriptors by source: tests of how contracts change come back to the same versions again and again. */
const built = new Map<string, Buffer>();

function build(files: ProtoFiles): Buffer {
  const key = JSON.stringify(files);
  const known = built.get(key);
  if (known !== undefined) return known;
  const { folder, remove } = createWorkspace(files);
  try {
    const image = buf(folder, 'build', 'proto', '--as-file-descriptor-set', '--output', '-#format=binpb');
    built.set(key, image);
    return image;
  } finally {
    remove();
  }
}

function write(folder: string, name: string, text: string): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
