import { describe, expect, test } from 'vitest';
import { compile, proto } from './support/compile.js';
import { run, wireProtoOf } from './support/run.js';

const messages = 'message AskRequest {} message AskResponse {} message DemoState {}';

describe('the wire proto', () => {
  test('has one bidirectional rpc for the whole contract, and the comment of the contract', async () => {
    const text = await wireProtoOf(`
      // Talks.
      //
      // Twice.
      service DemoService { option (duplex.v1.contract) = {}; rpc Ask(AskRequest) returns (AskResponse); }
      ${messages}`);
    expect(text).toContain(`// Talks.
//
// Twice.
service DemoDuplexService {
  // One stream carries all operations.
  // buf:lint:ignore RPC_REQUEST_STANDARD_NAME
  // buf:lint:ignore RPC_RESPONSE_STANDARD_NAME
  rpc Connect(stream DemoClientEnvelope) returns (stream DemoServerEnvelope);
}
`);
  });

  test('carries a one-way operation without an answer, and every other shape with one', async () => {
    const text = await wireProtoOf(`
      service DemoService {
        option (duplex.v1.contract) = { callback: "DemoCallbackService" empty_is_one_way: true };
        // Tells.
        rpc Tell(AskRequest) returns (google.protobuf.Empty);
        rpc Ask(AskRequest) returns (AskResponse);
        rpc Listen(AskRequest) returns (stream AskResponse);
        rpc Upload(stream AskRequest) returns (AskResponse);
        rpc Chat(stream AskRequest) returns (stream AskResponse);
      }
      service DemoCallbackService {
        option (duplex.v1.callback).empty_is_one_way = true;
        rpc Told(AskRequest) returns (google.protobuf.Empty);
        rpc Asked(AskRequest) returns (AskResponse);
        rpc Watch(AskRequest) returns (stream AskResponse);
        rpc Gather(stream AskRequest) returns (AskResponse);
        rpc Mirror(stream AskRequest) returns (stream AskResponse);
      }
      ${messages}`);
    expect(oneofOf(text, 'DemoClientEnvelope')).toEqual([
      '// Tells.',
      'AskRequest tell = 100;',
      'AskRequest ask = 101;',
      'AskRequest listen = 102;',
      'AskRequest upload = 103;',
      'AskRequest chat = 104;',
      '// Answers asked.',
      'AskResponse asked_response = 106;',
      '// Answers watch.',
      'AskResponse watch_response = 107;',
      '// Answers gather.',
      'AskResponse gather_response = 108;',
      '// Answers mirror.',
      'AskResponse mirror_response = 109;',
    ]);
    expect(oneofOf(text, 'DemoServerEnvelope')).toEqual([
      '// Answers ask.',
      'AskResponse ask_response = 101;',
      '// Answers listen.',
      'AskResponse listen_response = 102;',
      '// Answers upload.',
      'AskResponse upload_response = 103;',
      '// Answers chat.',
      'AskResponse chat_response = 104;',
      'AskRequest told = 105;',
      'AskRequest asked = 106;',
      'AskRequest watch = 107;',
      'AskRequest gather = 108;',
      'AskRequest mirror = 109;',
    ]);
  });

  test('has the same frame and the same library arms in every envelope', async () => {
    const text = await wireProtoOf(`
      service DemoService { option (duplex.v1.contract).state = "DemoState"; rpc Ask(AskRequest) returns (AskResponse); }
      ${messages}`);
    const frame = [
      ...['uint64 seq = 1;', 'uint64 ack = 2;', 'uint32 backlog = 3;', 'uint64 call_id = 4;', 'uint64 reply_to = 5;'],
      ...['uint32 timeout_ms = 6;', 'duplex.v1.Context context = 7;'],
    ];
    const library = [
      ...['duplex.v1.Control control = 16;', 'duplex.v1.CallOpen call_open = 17;'],
      ...['duplex.v1.CallComplete call_complete = 18;', 'duplex.v1.CallCancel call_cancel = 19;'],
      ...['duplex.v1.CallFault call_fault = 20;'],
    ];
    const more = (envelope: string) => `repeated ${envelope} more = 15;`;
    expect(fieldsOf(text, 'DemoClientEnvelope').filter((field) => !/ 1\d\d;$/.test(field))).toEqual([
      ...[...frame, more('DemoClientEnvelope'), ...library],
    ]);
    expect(fieldsOf(text, 'DemoServerEnvelope').filter((field) => !/ 1\d\d;$/.test(field))).toEqual([
      ...[...frame, more('DemoServerEnvelope'), ...library, 'DemoState state = 21;'],
    ]);
  });

  test('takes Empty as an ordinary reply where the contract does not say otherwise', async () => {
    const text = await wireProtoOf(`
      service DemoService {
        option (duplex.v1.contract) = {};
        rpc Clear(google.protobuf.Empty) returns (google.protobuf.Empty);
        rpc Tell(AskRequest) returns (google.protobuf.Empty) { option (duplex.v1.operation).one_way = true; }
      }
      ${messages}`);
    expect(text).toContain('import "google/protobuf/empty.proto";');
    expect(oneofOf(text, 'DemoClientEnvelope')).toEqual([
      'google.protobuf.Empty clear = 100;',
      'AskRequest tell = 101;',
    ]);
    expect(oneofOf(text, 'DemoServerEnvelope')).toEqual([
      '// Answers clear.',
      'google.protobuf.Empty clear_response = 100;',
    ]);
  });

  test('imports only what it uses, so never the options', async () => {
    const text = await wireProtoOf(`
      service DemoService {
        option (duplex.v1.contract).empty_is_one_way = true;
        rpc Tell(AskRequest) returns (google.protobuf.Empty);
      }
      ${messages}`);
    expect(text.match(/^import .*$/gm)).toEqual(['import "demo.proto";', 'import "duplex/v1/session.proto";']);
  });

  test('takes over the packages that other languages use, with an outer class of its own', async () => {
    const text = await wireProtoOf(`
      option java_outer_classname = "DemoProto";
      option java_multiple_files = true;
      option go_package = "example.com/demo/v1;demov1";
      option csharp_namespace = "Demo.V1";
      option optimize_for = SPEED;
      service DemoService { option (duplex.v1.contract) = {}; rpc Ask(AskRequest) returns (AskResponse); }
      ${messages}`);
    expect(text.match(/^option .*$/gm)).toEqual([
      'option csharp_namespace = "Demo.V1";',
      'option go_package = "example.com/demo/v1;demov1";',
      'option java_multiple_files = true;',
      'option java_outer_classname = "DemoDuplexProto";',
    ]);
  });

  test('of several contracts in one file has a service for each, with numbers of their own', async () => {
    const text = await wireProtoOf(`
      service OneService { option (duplex.v1.contract) = {}; rpc Ask(AskRequest) returns (AskResponse); }
      service Two { option (duplex.v1.contract) = {}; rpc Ask(AskRequest) returns (AskResponse); }
      service Plain { rpc Ask(AskRequest) returns (AskResponse); }
      ${messages}`);
    expect(text.match(/^service .*$/gm)).toEqual(['service OneDuplexService {', 'service TwoDuplexService {']);
    expect(oneofOf(text, 'OneClientEnvelope')).toEqual(['AskRequest ask = 100;']);
    expect(oneofOf(text, 'TwoClientEnvelope')).toEqual(['AskRequest ask = 100;']);
  });

  test('marks the arms of deprecated methods', async () => {
    const text = await wireProtoOf(`
      service DemoService {
        option (duplex.v1.contract) = {};
        rpc Ask(AskRequest) returns (AskResponse) { option deprecated = true; }
      }
      ${messages}`);
    expect(text).toContain('AskRequest ask = 100 [deprecated = true];');
    expect(text).toContain('AskResponse ask_response = 100 [deprecated = true];');
  });

  test('does not mistake a package called like the first part of a type for that type', async () => {
    const { files } = await run(
      compile({
        'acme/google/v1/demo.proto': `syntax = "proto3"; package acme.google.v1;
          import "duplex/v1/contract.proto"; import "google/protobuf/empty.proto";
          service DemoService { option (duplex.v1.contract) = {};
            rpc Clear(Outer.Inner) returns (.google.protobuf.Empty); }
          message Outer { message Inner {} }`,
        'acme/duplex.proto': 'syntax = "proto3"; package acme.duplex;',
      }),
    );
    const text = files.get('acme/google/v1/demo_duplex.proto') ?? '';
    expect(oneofOf(text, 'DemoClientEnvelope')).toEqual(['Outer.Inner clear = 100;']);
    expect(oneofOf(text, 'DemoServerEnvelope')).toContain('.google.protobuf.Empty clear_response = 100;');
    expect(text).toContain('.duplex.v1.Context context = 7;');
  });

  test('finds the callback service, the state and faults in packages around, and in imported files', async () => {
    const { files, findings } = await run(
      compile({
        'shared.proto': `syntax = "proto3"; package demo; import "google/protobuf/empty.proto";
          // Called back from elsewhere.
          service SharedCallbackService { rpc Told(Shared) returns (google.protobuf.Empty); }
          message Shared { message Problem {} }`,
        'demo.proto': proto(`import "shared.proto";
          service DemoService {
            option (duplex.v1.contract) = { callback: "SharedCallbackService" state: ".demo.Shared" };
            rpc Ask(AskRequest) returns (AskResponse) { option (duplex.v1.operation).faults = "Shared.Problem"; }
          }
          ${messages}`),
      }),
    );
    expect(findings).toEqual([]);
    const text = files.get('demo_duplex.proto') ?? '';
    expect(text).toContain('import "shared.proto";');
    expect(text).toContain('demo.Shared state = 21;');
    expect(text).toContain('demo.Shared told = 101;');
    expect([...files.keys()]).toEqual(['demo_duplex.proto', 'demo_duplex.ts']);
  });

  test('names arms as the lint of buf wants fields to be named', async () => {
    const names = ['GetHTTPInfo', 'AddV2', 'get_it', 'Sha256Sum', 'X', 'HTTP'];
    const text = await wireProtoOf(`
      service DemoService {
        option (duplex.v1.contract).empty_is_one_way = true;
        ${names.map((name) => `rpc ${name}(AskRequest) returns (google.protobuf.Empty);`).join('\n')}
      }
      ${messages}`);
    expect(oneofOf(text, 'DemoClientEnvelope').map((field) => field.split(' ')[1])).toEqual([
      ...['get_http_info', 'add_v2', 'get_it', 'sha256_sum', 'x', 'http'],
    ]);
  });
});

/** The lines of a message's body, without comments of the library. */
function fieldsOf(text: string, message: string): readonly string[] {
  const body = text.split(`message ${message} {\n`)[1]?.split('\n}\n')[0] ?? '';
  return body
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^[\w.]+ .*;$/.test(line));
}

/** The contract's own arms in the oneof of a message, with their comments. */
function oneofOf(text: string, message: string): readonly string[] {
  const body = text.split(`message ${message} {\n`)[1]?.split('\n}\n')[0] ?? '';
  const lines = body.split('\n').map((line) => line.trim());
  const last = lines.findLastIndex((line) => / (20|21);$/.test(line) || / = (20|21);$/.test(line));
  return lines.slice(last + 1, lines.indexOf('}'));
}
