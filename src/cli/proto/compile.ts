import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorSet, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { Finding } from '../../codegen/finding.js';
import { readBufFindings, runBuf } from './buf.js';

/** What the compiler reads of a proto file. */
interface Input {
  readonly name: string;
  readonly text: string;
}

/** Descriptors with their sources' places, or what keeps them from being made. */
export type Compiled = { readonly image: FileDescriptorSet } | { readonly findings: readonly Finding[] };

/**
 * Compiles protos with buf, in a folder of its own: the user needs no
 * configuration, and has none that could get in the way. Files in `others`
 * are compiled as far as the targets import them.
 */
export async function compileProtos(
  targets: readonly Input[],
  others: readonly Input[],
  cwd: string,
): Promise<Compiled> {
  return await inFolder(async (folder) => {
    await writeFile(join(folder, 'buf.yaml'), 'version: v2\nmodules:\n  - path: target\n  - path: other\n');
    await Promise.all([writeAll(join(folder, 'target'), targets), writeAll(join(folder, 'other'), others)]);
    const args = ['build', 'target', '--as-file-descriptor-set', '-o', '-#format=binpb', '--error-format=json'];
    const { code, stdout, stderr } = await runBuf(folder, args, cwd);
    if (code === 0) return { image: fromBinary(FileDescriptorSetSchema, stdout) };
    return {
      findings: readBufFindings(stderr || stdout.toString(), ({ path, start_line, start_column, message }) => ({
        position:
          path === undefined
            ? undefined
            : { file: path.replace(/^(target|other)\//, ''), line: start_line ?? 1, column: start_column ?? 1 },
        rule: 'proto-compile',
        message: `${message.trim().replace(/\.$/, '')}.`,
        hint: hintFor(message),
      })),
    };
  });
}

function hintFor(message: string): string {
  if (/cannot find `duplex\.v1\./.test(message)) return 'Add import "duplex/v1/contract.proto"; to the file.';
  return /import|file|not exist|cannot find/i.test(message)
    ? 'Correct it; a file elsewhere needs --include.'
    : 'Correct it.';
}

/** Runs `use` with a folder that is gone afterwards. */
export async function inFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'grpc-duplex-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function writeAll(folder: string, inputs: readonly Input[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { name, text } of inputs) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}
