import { create, type DescFile, toBinary } from '@bufbuild/protobuf';
import { base64Encode } from '@bufbuild/protobuf/wire';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { isLibraryFile } from '../../contract/library-files.js';
import { messagesOf } from '../model/contract-model.js';
import type { NumberedContract } from '../print/wire-proto.js';
import { describeWireFile } from './wire-file.js';

/**
 * The descriptors that reflection needs for the contracts of a file: of the
 * file, of what its contracts use, and of its wire proto, imports first, each
 * in binary as base64. Custom options are kept, comments are not. What every
 * host has itself is left out.
 */
export function encodeContractFiles(file: DescFile, contracts: readonly NumberedContract[]): readonly string[] {
  const used = contracts.flatMap(({ contract }) => messagesOf(contract).map((message) => message.file));
  const callbacks = contracts.flatMap(({ contract }) => contract.callback?.target?.file ?? []);
  return [...encodeFiles([...used, ...callbacks, file]), encode(describeWireFile(file.proto, contracts))];
}

/** The same for files that are compiled already: those given and all that they import. */
export function encodeFiles(roots: readonly DescFile[]): readonly string[] {
  const files = new Set<DescFile>();
  for (const root of roots) collect(root, files);
  return [...files].flatMap(({ proto }) => (isLibraryFile(proto.name) ? [] : [encode(proto)]));
}

/** A file after everything that it imports. */
function collect(file: DescFile, into: Set<DescFile>): void {
  if (into.has(file)) return;
  for (const dependency of file.dependencies) collect(dependency, into);
  into.add(file);
}

function encode(file: FileDescriptorProto): string {
  // Custom options are fields unknown to the options; those of the file itself are what buf adds to images.
  const { sourceCodeInfo: _, $unknown: __, ...rest } = file;
  const bare = Object.assign(create(FileDescriptorProtoSchema), rest);
  return base64Encode(toBinary(FileDescriptorProtoSchema, bare), 'std');
}
