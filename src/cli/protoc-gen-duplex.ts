#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
/**
 * The protoc and buf plugin: reads a CodeGeneratorRequest from stdin and
 * writes a CodeGeneratorResponse to stdout. It generates, for every proto file
 * with a contract, the wire proto and the typed contract, and has ts-proto
 * write the messages, all in one run.
 *
 * Options, as `name=value`:
 *
 *   out       the plugin's `out`, from the directory in which the compiler runs   .
 *   wire_out  where wire protos are written and their numbers read, from `out`    .
 *   ts_out    where TypeScript is written, from `out`                             .
 *   runtime   what generated contracts import                                     grpc-duplex/codegen/v1
 *
 * Any other option is ts-proto's. docs/contracts.md has complete examples.
 */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { CodeGeneratorRequestSchema, CodeGeneratorResponseSchema } from '@bufbuild/protobuf/wkt';
import { runTsProto } from '../codegen/messages/run-ts-proto.js';
import { runPlugin } from '../codegen/plugin.js';

const request = fromBinary(CodeGeneratorRequestSchema, await buffer(process.stdin));
const response = await runPlugin(request, { readText, runTsProto });
process.stdout.write(toBinary(CodeGeneratorResponseSchema, response));

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
