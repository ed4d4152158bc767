import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { base64Decode } from '@bufbuild/protobuf/wire';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { Calculator } from '../../examples/calculator/gen/calculator/v1/calculator_duplex.js';
import { compileProtos } from '../../src/cli/proto/compile.js';
import { findSources } from '../../src/cli/proto/sources.js';
import type { AnyContract } from '../../src/contract/contract.js';
import { DescriptorIndex } from '../../src/server/reflection/descriptor-index.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { Other } from '../support/gen/testing/v1/other_duplex.js';
import { root } from './support/compile.js';

/** What buf makes of the protos in a folder, wire protos among them, without places and comments. */
async function compile(folder: string): Promise<ReadonlyMap<string, FileDescriptorProto>> {
  const { targets, others, wireProtos } = findSources({ cwd: root, paths: [folder], includes: [] });
  const compiled = await compileProtos([...targets, ...wireProtos], others, root);
  if ('findings' in compiled) throw new Error(JSON.stringify(compiled.findings));
  return new Map(compiled.image.file.map((file) => [file.name, bare(file)]));
}

function bare(file: FileDescriptorProto): FileDescriptorProto {
  const { sourceCodeInfo: _, ...rest } = fromBinary(
    FileDescriptorProtoSchema,
    toBinary(FileDescriptorProtoSchema, file),
  );
  return Object.assign(create(FileDescriptorProtoSchema), rest);
}

function decode(contract: AnyContract): readonly FileDescriptorProto[] {
  return contract.descriptors().map((file) => fromBinary(FileDescriptorProtoSchema, base64Decode(file)));
}

describe('the descriptors of a generated contract', () => {
  it.each([
    ['examples/calculator/proto', Calculator],
    ['test/support/proto', Everything],
    ['test/support/proto', Other],
  ])('are those of the compiler, custom options and wire proto included: %s', async (folder, contract) => {
    const compiled = await compile(folder);
    const files = decode(contract);
    expect(files.length).toBeGreaterThanOrEqual(2);
    for (const file of files) expect(file).toEqual(compiled.get(file.name));
  });

  it('link together, with what every host has itself', () => {
    const index = new DescriptorIndex([Calculator.descriptors(), Everything.descriptors(), Other.descriptors()]);
    const files = index
      .file('testing/v1/everything_duplex.proto')
      ?.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
    const names = files?.map(({ name }) => name) ?? [];
    expect(names[0]).toBe('testing/v1/everything_duplex.proto');
    for (const { dependency } of files ?? []) expect(names).toEqual(expect.arrayContaining(dependency));
  });
});
