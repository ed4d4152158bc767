import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toBinary } from '@bufbuild/protobuf';
import { type FileDescriptorSet, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { Finding } from '../../codegen/finding.js';
import { readBufFindings, runBuf } from './buf.js';
import { inFolder } from './compile.js';

/**
 * Has `buf breaking` compare two images by its WIRE rules, those about what
 * peers of different versions can still read.
 */
export async function findBreaking(
  before: FileDescriptorSet,
  now: FileDescriptorSet,
  cwd: string,
): Promise<readonly Finding[]> {
  return await inFolder(async (folder) => {
    await writeFile(join(folder, 'before.binpb'), toBinary(FileDescriptorSetSchema, before));
    await writeFile(join(folder, 'now.binpb'), toBinary(FileDescriptorSetSchema, now));
    const config = JSON.stringify({ version: 'v2', breaking: { use: ['WIRE'] } });
    const args = ['breaking', 'now.binpb', '--against', 'before.binpb', '--config', config, '--error-format=json'];
    const { stdout, stderr } = await runBuf(folder, args, cwd);
    return readBufFindings(`${stdout.toString()}\n${stderr}`, ({ path, start_line, start_column, type, message }) => ({
      position: path === undefined ? undefined : { file: path, line: start_line ?? 1, column: start_column ?? 1 },
      rule: type,
      message,
      hint: `https://buf.build/docs/breaking/rules/#${type.toLowerCase()} explains the rule.`,
    }));
  });
}
