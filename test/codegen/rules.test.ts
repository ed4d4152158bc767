import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runPlugin } from '../../src/codegen/plugin.js';
import type { RuleId } from '../../src/codegen/rules/rule-ids.js';
import { compile, proto, root } from './support/compile.js';
import { run, runOn } from './support/run.js';

const request = 'message PingRequest {}';
const callbacks = 'service DemoCallbackService { rpc Told(PingRequest) returns (google.protobuf.Empty); }';

/** A contract with callbacks, its options and methods to be filled in. */
function contract(options: string, methods = 'rpc Ping(PingRequest) returns (google.protobuf.Empty);'): string {
  return `service DemoService {\noption (duplex.v1.contract) = { ${options} };\n${methods}\n}\n${request}`;
}

/** One operation with options, in a contract where Empty is one-way. */
function operation(rpc: string, options: string): string {
  return `${contract('empty_is_one_way: true', `rpc ${rpc} { option (duplex.v1.operation) = { ${options} }; }`)}
    message Pong {} message Oops {}`;
}

/** A callback with options, in a contract where nothing is one-way by itself. */
function callback(rpc: string, options: string): string {
  return `${contract('callback: "DemoCallbackService"')}
    service DemoCallbackService { rpc ${rpc} { option (duplex.v1.operation) = { ${options} }; } }`;
}

const cases: readonly (readonly [behaviour: string, rule: RuleId, source: string])[] = [
  ['a callback service that is not declared', 'callback-unknown', contract('callback: "Missing"')],
  ['a service that names itself as its callback', 'callback-self', contract('callback: "DemoService"')],
  [
    'a callback service without methods',
    'callback-empty',
    `${contract('callback: "DemoCallbackService"')} service DemoCallbackService {}`,
  ],
  [
    'a callback service that is a contract itself',
    'callback-is-contract',
    `${contract('callback: "DemoCallbackService"')} service DemoCallbackService {
      option (duplex.v1.contract) = {}; rpc Told(PingRequest) returns (google.protobuf.Empty); }`,
  ],
  ['a state that is not a message', 'state-unknown', contract('state: "Missing"')],
  [
    'callbacks without sessions',
    'session-not-allowed',
    `${contract('callback: "DemoCallbackService" session: SESSION_MODE_NOT_ALLOWED')} ${callbacks}`,
  ],
  ['state without sessions', 'session-not-allowed', contract('state: "PingRequest" session: SESSION_MODE_NOT_ALLOWED')],
  [
    'a terminating operation where sessions are optional',
    'session-required',
    operation('Ping(PingRequest) returns (Pong)', 'terminating: true'),
  ],
  [
    'a non-initiating operation where sessions are optional',
    'session-required',
    `${contract(
      '',
      `rpc Open(PingRequest) returns (PingRequest);
       rpc Ping(PingRequest) returns (PingRequest) { option (duplex.v1.operation).initiating = false; }`,
    )}`,
  ],
  [
    'a contract whose operations are all non-initiating',
    'no-initiating-operation',
    contract(
      'session: SESSION_MODE_REQUIRED',
      'rpc Ping(PingRequest) returns (PingRequest) { option (duplex.v1.operation).initiating = false; }',
    ),
  ],
  ['a contract without operations', 'no-initiating-operation', contract('', '')],
  [
    'a one-way operation that returns something',
    'one-way-result',
    operation('Ping(PingRequest) returns (Pong)', 'one_way: true'),
  ],
  [
    'a one-way operation with faults',
    'one-way-faults',
    operation('Ping(PingRequest) returns (google.protobuf.Empty)', 'faults: "Oops"'),
  ],
  [
    'a one-way operation that streams its requests',
    'one-way-stream',
    operation('Ping(stream PingRequest) returns (google.protobuf.Empty)', ''),
  ],
  [
    'a one-way operation that streams replies',
    'one-way-stream',
    operation('Ping(PingRequest) returns (stream google.protobuf.Empty)', 'one_way: true'),
  ],
  [
    'a fault that is not a message',
    'fault-unknown',
    operation('Ping(PingRequest) returns (Pong)', 'faults: ["Oops", "Missing"]'),
  ],
  [
    'a delivery other than reliable of an operation',
    'delivery-shape',
    operation('Ping(PingRequest) returns (google.protobuf.Empty)', 'delivery: DELIVERY_LOSSY'),
  ],
  [
    'a delivery other than reliable of a two-way callback',
    'delivery-shape',
    callback('Told(PingRequest) returns (PingRequest)', 'delivery: DELIVERY_LATEST'),
  ],
  [
    'two operations whose names differ in case only',
    'name-case',
    contract(
      '',
      'rpc GetHTTP(PingRequest) returns (PingRequest); rpc GetHttp(PingRequest) returns (google.protobuf.Empty);',
    ),
  ],
  [
    'an operation called like a field of every envelope',
    'name-arm',
    contract('', 'rpc CallId(PingRequest) returns (google.protobuf.Empty);'),
  ],
  ['an operation called like the oneof', 'name-arm', contract('', 'rpc Content(PingRequest) returns (PingRequest);')],
  [
    'a callback called like the state',
    'name-arm',
    `${contract('callback: "DemoCallbackService" state: "PingRequest"')}
     service DemoCallbackService { rpc State(PingRequest) returns (google.protobuf.Empty); }`,
  ],
  [
    'an operation called like the answer to a callback',
    'name-arm',
    `${contract('callback: "DemoCallbackService"', 'rpc ToldResponse(PingRequest) returns (google.protobuf.Empty);')}
     ${callbacks}`,
  ],
  [
    'an operation that would make its proxy a promise',
    'name-proxy',
    contract('', 'rpc Then(PingRequest) returns (PingRequest);'),
  ],
  [
    'an operation that would dispose of its handler',
    'name-proxy',
    contract('', 'rpc Dispose(PingRequest) returns (PingRequest);'),
  ],
  ['a message called like an envelope', 'name-wire', `${contract('')} message DemoClientEnvelope {}`],
  [
    'two contracts that would have one wire service',
    'name-wire',
    `${contract('')} service Demo { option (duplex.v1.contract) = {}; rpc Ping(PingRequest) returns (PingRequest); }`,
  ],
  ['a number below 100', 'number-range', operation('Ping(PingRequest) returns (google.protobuf.Empty)', 'number: 99')],
  [
    'a number that protobuf keeps for itself',
    'number-range',
    operation('Ping(PingRequest) returns (google.protobuf.Empty)', 'number: 19000'),
  ],
  [
    'a number that protobuf does not have',
    'number-range',
    operation('Ping(PingRequest) returns (google.protobuf.Empty)', 'number: 536870912'),
  ],
  [
    'one number for two methods',
    'number-twice',
    `${contract(
      'callback: "DemoCallbackService"',
      'rpc Ping(PingRequest) returns (PingRequest) { option (duplex.v1.operation).number = 105; }',
    )} service DemoCallbackService {
      rpc Told(PingRequest) returns (PingRequest) { option (duplex.v1.operation).number = 105; } }`,
  ],
  [
    'a message that ts-proto would break on',
    'message-name',
    `${contract('', 'rpc Ping(MessageFns) returns (PingRequest);')} message MessageFns {}`,
  ],
  [
    'two messages to which ts-proto would give one name',
    'message-name',
    `${contract('')} message foo_bar {} message fooBar {}`,
  ],
];

/** A contract that sends a message with the given body. */
function message(body: string): string {
  return `${contract('', 'rpc Ping(Note) returns (PingRequest);')} message Note { ${body} }`;
}

const more: typeof cases = [
  ['a state that is an enum', 'state-unknown', `${contract('state: "Kind"')} enum Kind { KIND_UNSPECIFIED = 0; }`],
  ['a state that is a service', 'state-unknown', `${contract('state: "Plain"')} service Plain {}`],
  ['a callback service that is a message', 'callback-unknown', contract('callback: "PingRequest"')],
  ['a callback service with a wrong leading dot', 'callback-unknown', `${contract('callback: ".Told"')} ${callbacks}`],
  [
    'a contract that names its callback service in full and itself',
    'callback-self',
    contract('callback: ".demo.v1.DemoService"'),
  ],
  [
    'a one-way operation that streams both ways',
    'one-way-stream',
    operation('Ping(stream PingRequest) returns (stream google.protobuf.Empty)', 'one_way: true'),
  ],
  [
    'a one-way callback that returns something',
    'one-way-result',
    callback('Told(PingRequest) returns (PingRequest)', 'one_way: true'),
  ],
  [
    'a one-way callback with faults',
    'one-way-faults',
    callback('Told(PingRequest) returns (google.protobuf.Empty)', 'one_way: true faults: "PingRequest"'),
  ],
  [
    'a fault of a callback that is not a message',
    'fault-unknown',
    callback('Told(PingRequest) returns (PingRequest)', 'faults: "Missing"'),
  ],
  [
    'a non-initiating callback where sessions are optional',
    'session-required',
    `${contract('callback: "DemoCallbackService" session: SESSION_MODE_ALLOWED')}
     service DemoCallbackService { rpc Told(PingRequest) returns (PingRequest) { option (duplex.v1.operation).initiating = false; } }`,
  ],
  [
    'a delivery of a streaming callback',
    'delivery-shape',
    callback('Told(PingRequest) returns (stream PingRequest)', 'delivery: DELIVERY_LOSSY'),
  ],
  [
    'two callbacks whose names differ in underscores only',
    'name-case',
    `${contract('callback: "DemoCallbackService"')} service DemoCallbackService {
       rpc GetIt(PingRequest) returns (PingRequest); rpc Get_It(PingRequest) returns (google.protobuf.Empty); }`,
  ],
  [
    'a callback called like the answer to an operation',
    'name-arm',
    `${contract('callback: "DemoCallbackService"', 'rpc Ping(PingRequest) returns (PingRequest);')}
     service DemoCallbackService { rpc PingResponse(PingRequest) returns (google.protobuf.Empty); }`,
  ],
  [
    'an operation called like a member of Object',
    'name-proxy',
    contract('', 'rpc Constructor(PingRequest) returns (PingRequest);'),
  ],
  ['a callback that would be awaited', 'name-proxy', callback('Then(PingRequest) returns (PingRequest)', '')],
  ['a service called like the wire service', 'name-wire', `${contract('')} service DemoDuplexService {}`],
  [
    'a number of the library',
    'number-range',
    operation('Ping(PingRequest) returns (google.protobuf.Empty)', 'number: 16'),
  ],
  [
    'an explicit number that a method without one would get',
    'number-twice',
    contract(
      '',
      `rpc Ping(PingRequest) returns (PingRequest) { option (duplex.v1.operation).number = 100; }
       rpc Pong(PingRequest) returns (PingRequest) { option (duplex.v1.operation).number = 100; }`,
    ),
  ],
  ['a field that every object has', 'message-field', message('string constructor = 1;')],
  ['a field that would be a method of every object', 'message-field', message('string to_string = 1;')],
  [
    'a field and a oneof that would be one',
    'message-field',
    message('string foo_bar = 1; oneof foo__bar { int32 x = 2; }'),
  ],
  [
    'a message called like a word of the language',
    'message-name',
    `${contract('', 'rpc Ping(class) returns (PingRequest);')} message class {}`,
  ],
  [
    'a message called like a variable of ts-proto',
    'message-name',
    `${contract('', 'rpc Ping(writer) returns (PingRequest);')} message writer {}`,
  ],
  [
    'a message called Timestamp beside the well-known one',
    'message-name',
    `import "google/protobuf/timestamp.proto"; ${message('google.protobuf.Timestamp at = 1;')} message Timestamp {}`,
  ],
];

describe('generation rejects', () => {
  test.each([...cases, ...more])('%s: %s', async (_, rule, source) => {
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
