import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runPlugin } from '../../src/codegen/plugin.js';
import { compile, proto, root } from './support/compile.js';
import { run, runOn } from './support/run.js';
import { contract, request, wrongContracts } from './support/wrong-contracts.js';

describe('generation rejects', () => {
  test.each(wrongContracts)('%s: %s', async (_, rule, source) => {
    const { findings, files } = await runOn(source);
    expect(findings.map((finding) => finding.split('  ')[1])).toEqual([rule]);
    expect(findings[0]).toMatch(/^demo\.proto:\d+:\d+ {2}[a-z-]+ {2}\S.*\. {2}\S.*\.$/);
    expect(files.size).toBe(0);
  });

  const proto2 = (body: string) => ({
    'old.proto': `syntax = "proto2"; package old.v1; ${body}`,
    'demo.proto': proto(`import "old.proto";
      service DemoService { option (duplex.v1.contract) = {}; rpc Ping(Holder) returns (Holder); }
      message Holder { old.v1.Old old = 1; }`),
  });

  test.each([
    ['a group', 'message-encoding', 'message Old { repeated group Many = 1 {} }'],
    ['a required field', 'message-presence', 'message Old { required string name = 1; }'],
    ['a scalar that knows zero from absent', 'message-presence', 'message Old { optional int32 count = 1; }'],
    ['a message that can be extended', 'message-extensions', 'message Old { extensions 100 to 199; }'],
  ])('%s in a message that a contract leads to: %s', async (_, rule, body) => {
    const { findings } = await run(compile(proto2(body)));
    expect(findings.map((finding) => finding.split('  ')[1])).toEqual([rule]);
    expect(findings[0]).toMatch(/^old\.proto:1:/);
  });

  test('delimited fields and explicit presence of editions, which ts-proto does not know', async () => {
    const { findings } = await run(
      compile({
        'new.proto': `edition = "2023"; package new.v1;
          message New { int32 count = 1; New next = 2 [features.message_encoding = DELIMITED];
            int32 fine = 3 [features.field_presence = IMPLICIT]; }`,
        'demo.proto': proto(`import "new.proto";
          service DemoService { option (duplex.v1.contract) = {}; rpc Ping(new.v1.New) returns (new.v1.New); }`),
      }),
    );
    expect(findings.map((finding) => finding.split('  ')[1])).toEqual(['message-presence', 'message-encoding']);
  });

  test('an output folder that is not below the plugin’s', async () => {
    const { findings } = await runOn(contract(''), undefined, 'wire_out=../proto,ts_out=/tmp');
    expect(findings).toEqual([
      'plugin-option  wire_out=../proto is not below the plugin\'s "out".  Set "out" to a directory that contains it, usually ".", and give the path from there.',
      'plugin-option  ts_out=/tmp is not below the plugin\'s "out".  Set "out" to a directory that contains it, usually ".", and give the path from there.',
    ]);
  });
});

test('all findings come at once, in the order of the source, with the place of the option that is wrong', async () => {
  const { findings } = await runOn(`service DemoService {
  option (duplex.v1.contract) = {
    callback: "Missing"
    state: "Nothing"
  };
  rpc Then(PingRequest) returns (PingRequest) {
    option (duplex.v1.operation).one_way = true;
    option (duplex.v1.operation).number = 7;
  }
}
message PingRequest {}`);
  expect(findings.map((finding) => finding.split('  ').slice(0, 2))).toEqual([
    ['demo.proto:7:5', 'callback-unknown'],
    ['demo.proto:8:5', 'state-unknown'],
    ['demo.proto:10:3', 'name-proxy'],
    ['demo.proto:10:34', 'one-way-result'],
    ['demo.proto:12:5', 'number-range'],
  ]);
});

test('what is wrong with a callback service that two contracts share is said once', async () => {
  const { findings } = await runOn(`
    service AService { option (duplex.v1.contract) = { callback: "DemoCallbackService" };
      rpc Ping(PingRequest) returns (google.protobuf.Empty); }
    service BService { option (duplex.v1.contract) = { callback: "DemoCallbackService" };
      rpc Ping(PingRequest) returns (google.protobuf.Empty); }
    service DemoCallbackService { rpc Then(PingRequest) returns (google.protobuf.Empty); }
    ${request}`);
  expect(findings).toHaveLength(1);
});

test('messages that no contract uses may be anything', async () => {
  const { findings } = await run(
    compile({
      'old.proto': 'syntax = "proto2"; package old.v1; message Old { required string name = 1; }',
      'demo.proto': proto(contract('')),
    }),
  );
  expect(findings).toEqual([]);
});

test('a failure of ts-proto is shown like any other finding', async () => {
  const { error, file } = await runPlugin(compile({ 'demo.proto': proto(contract('')) }), {
    readText: () => undefined,
    runTsProto: () => Promise.reject(new Error('ts-proto is not installed')),
  });
  expect(error).toMatch(/^ts-proto {2}.*ts-proto is not installed {2}Install ts-proto/);
  expect(file).toEqual([]);
});

test('every rule is explained in docs/contracts.md', () => {
  const ids = readFileSync(join(root, 'src/codegen/rules/rule-ids.ts'), 'utf8').match(/(?<=\| ')[a-z-]+/g) ?? [];
  const docs = readFileSync(join(root, 'docs/contracts.md'), 'utf8');
  expect(ids.length).toBeGreaterThan(25);
  expect(ids.filter((id) => !docs.includes(`\`${id}\``))).toEqual([]);
});
