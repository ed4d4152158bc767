import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type CodeGeneratorRequest,
  CodeGeneratorRequestSchema,
  type CodeGeneratorResponse,
  CodeGeneratorResponseSchema,
} from '@bufbuild/protobuf/wkt';

/**
 * Runs ts-proto in a process of its own, on the compiler's request with other
 * files to generate and other options. Rejects if it is not installed or fails.
 */
export async function runTsProto(
  request: CodeGeneratorRequest,
  files: readonly string[],
  options: ReadonlyMap<string, string>,
): Promise<CodeGeneratorResponse> {
  const own = new Map([...options, ['emitImportedFiles', 'false']]);
  const parameter = [...own].map(([name, value]) => `${name}=${value}`).join(',');
  const input = create(CodeGeneratorRequestSchema, { ...request, fileToGenerate: [...files], parameter });
  const output = await runNode(findTsProto(), toBinary(CodeGeneratorRequestSchema, input));
  const response = fromBinary(CodeGeneratorResponseSchema, output);
  if (response.error !== '') throw new Error(response.error);
  return response;
}

/** ts-proto is the user's choice of version: theirs comes first, then the one beside this package. */
function findTsProto(): string {
  for (const from of [pathToFileURL(join(process.cwd(), 'index.js')).href, import.meta.url]) {
    try {
      return createRequire(from).resolve('ts-proto/protoc-gen-ts_proto');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error('ts-proto is not installed');
}

function runNode(program: string, input: Uint8Array): Promise<Uint8Array> {
  const child = spawn(process.execPath, [program], { stdio: 'pipe' });
  const output: Buffer[] = [];
  const complaints: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
  // A child that dies early closes its input; its exit code says more than the broken pipe.
  child.stdin.on('error', () => {}).end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(output));
      else reject(new Error(Buffer.concat(complaints).toString().trim() || `it ended with ${code}`));
    });
  });
}
