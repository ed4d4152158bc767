import { create, createFileRegistry, type DescFile, fromBinary, toBinary } from '@bufbuild/protobuf';
import { base64Decode } from '@bufbuild/protobuf/wire';
import * as protobuf from '@bufbuild/protobuf/wkt';
import { protobufFileNames } from '../../contract/library-files.js';
import { libraryDescriptors } from '../../gen/descriptors.js';

const { FileDescriptorProtoSchema, FileDescriptorSetSchema } = protobuf;

/**
 * The proto files that a host knows, as their compiler described them: what is
 * looked up are the bytes themselves, so custom options are in them.
 */
export class DescriptorIndex {
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #registry;

  /** Takes the `descriptors` of contracts. Throws for files that do not fit together. */
  constructor(contracts: readonly (readonly string[])[]) {
    const files = [...protobufFiles(), ...[libraryDescriptors, ...contracts].flat().map(base64Decode)].map((bytes) => {
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      return { file, bytes };
    });
    // Contracts may share files; the first description of each counts.
    const unique = files.filter(({ file, bytes }) => {
      const isNew = !this.#bytes.has(file.name);
      if (isNew) this.#bytes.set(file.name, bytes);
      return isNew;
    });
    this.#registry = createFileRegistry(create(FileDescriptorSetSchema, { file: unique.map(({ file }) => file) }));
  }

  /** A file by its name and all that it imports, itself first; undefined if there is none. */
  file(name: string): readonly Uint8Array[] | undefined {
    const root = this.#bytes.has(name) ? this.#registry.getFile(name) : undefined;
    if (root === undefined) return undefined;
    const files = new Set([root]);
    for (const file of files) for (const dependency of file.dependencies) files.add(dependency);
    return [...files].map(({ proto }) => this.#bytes.get(proto.name) as Uint8Array);
  }

  /** The file that declares a message, enum, service, extension, or a member of one. */
  containing(symbol: string): readonly Uint8Array[] | undefined {
    const declared = this.#registry.get(symbol) ?? this.#registry.get(symbol.slice(0, symbol.lastIndexOf('.')));
    return declared && this.file(declared.file.proto.name);
  }

  /** The file that declares an extension. */
  extending(type: string, number: number): readonly Uint8Array[] | undefined {
    const message = this.#registry.getMessage(type);
    const extension = message && this.#registry.getExtensionFor(message, number);
    return extension && this.file(extension.file.proto.name);
  }

  /** The numbers of all extensions of a message; undefined if there is no such message. */
  extensionNumbers(type: string): readonly number[] | undefined {
    if (this.#registry.getMessage(type) === undefined) return undefined;
    return [...this.#registry].flatMap((desc) =>
      desc.kind === 'extension' && desc.extendee.typeName === type ? [desc.number] : [],
    );
  }
}

function protobufFiles(): readonly Uint8Array[] {
  const files = new Map(
    Object.values(protobuf).flatMap((member) => (isFile(member) ? [[member.proto.name, member]] : [])),
  );
  return protobufFileNames.flatMap((name) => {
    const file = files.get(name);
    return file === undefined ? [] : [toBinary(FileDescriptorProtoSchema, file.proto)];
  });
}

function isFile(member: unknown): member is DescFile {
  return typeof member === 'object' && member !== null && 'kind' in member && member.kind === 'file';
}
