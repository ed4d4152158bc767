import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from 'vitest';
import { loadContract } from '../../src/codegen/load-contract.js';
import { createProject } from './support/cli.js';
import { compile, proto } from './support/compile.js';
import { run } from './support/run.js';
import { wrongContracts } from './support/wrong-contracts.js';

/** The rules about messages are those of ts-proto, which has no part in loading. */
const cases = wrongContracts.filter(([, rule]) => !rule.startsWith('message-'));

/** What is said about loading, with the file by its name alone. */
async function refusal(source: string | Uint8Array): Promise<readonly string[]> {
  const error = await loadContract(source, 'demo.v1.DemoService').then(
    () => new Error('it was loaded'),
    (error: unknown) => error as Error,
  );
  return error.message.split('\n').map((line) => line.replace(/^\S*\/(?=demo\.proto:)/, ''));
}

describe('loading finds what generation finds, at the same places', () => {
  test.each(cases)('%s: %s', async (_, __, source) => {
    const request = compile({ 'demo.proto': proto(source) });
    const { findings } = await run(request);
    const { folder } = createProject({ 'demo.proto': proto(source) });
    expect(await refusal(join(folder, 'demo.proto'))).toEqual(findings);
    const image = create(FileDescriptorSetSchema, { file: request.protoFile });
    expect(await refusal(toBinary(FileDescriptorSetSchema, image))).toEqual(findings);
  });

  test('all at once, however the options are written', async () => {
    const source = `/* A comment of
      two lines; */ service DemoService { // and one more
        option (duplex.v1.contract).state = "Nothing";
        option (duplex.v1.contract).callback = '.demo.v1.Missing';
        rpc Ask (stream Note) returns (stream google.protobuf.Empty) {
          option deprecated = true;
          option (.duplex.v1.operation) = { one_way: true, faults: ["A", 'B'], number : 7 };
        };
        rpc Then(Note)returns(Note);
      }
      message Note { option deprecated = true; map<string, int32> rpc = 1; }`;
    const { findings } = await run(compile({ 'demo.proto': proto(source) }));
    expect(findings.length).toBeGreaterThan(6);
    const { folder } = createProject({ 'demo.proto': proto(source) });
    expect(await refusal(join(folder, 'demo.proto'))).toEqual(findings);
  });
});
