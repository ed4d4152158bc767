import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buf, createWorkspace, proto, root } from './support/compile.js';
import { compilerErrors, compilers } from './support/compilers.js';

const clashes = `syntax = "proto3";
package acme.google.v1;

import "duplex/v1/contract.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/wrappers.proto";
import "other/v1/other.proto";

option java_outer_classname = "ClashProto";

// A contract */ of clashes.
service ContractService {
  option (duplex.v1.contract) = {
    callback: "other.v1.OtherCallbackService"
    state: "Outer.State"
  };
  rpc Get(State) returns (Session) {
    option deprecated = true;
    option (duplex.v1.operation) = {
      faults: ["Client", ".google.protobuf.Struct"]
    };
  }
  rpc Put(OneWay) returns (Contract);
  rpc Wrap(.google.protobuf.StringValue) returns (.google.protobuf.Empty);
  rpc Nest(stream Outer.Inner) returns (stream Outer.Inner.Deep);
}

// A second contract in the same file.
service SecondService {
  option (duplex.v1.contract) = {empty_is_one_way: true};
  rpc GetHTTPInfo(Operations) returns (Date);
  rpc Tell(Contract) returns (.google.protobuf.Empty);
}

message Outer {
  message Inner {
    message Deep {}
  }
  message State {
    optional int64 count = 1;
    repeated .google.protobuf.Value values = 2;
  }
}
message State {}
message Session {}
message Client {}
message OneWay {}
message Contract {}
message ContractMessage {}
message Operations {}
message Date {}
`;

const other = `syntax = "proto3";
package other.v1;

import "google/protobuf/empty.proto";
import "duplex/v1/contract.proto";

service OtherCallbackService {
  option (duplex.v1.callback).empty_is_one_way = true;
  rpc Told(ContractMessage) returns (google.protobuf.Empty);
  rpc Asked(ContractMessage) returns (DuplexContract);
}
message ContractMessage {
  Kind kind = 1;
}
message DuplexContract {}
enum Kind {
  KIND_UNSPECIFIED = 0;
}
`;

const workspace = createWorkspace({
  'acme/google/v1/clash.proto': clashes,
  'other/v1/other.proto': other,
  'testing/v1/everything.proto': read(join(root, 'test/support/proto/testing/v1/everything.proto')),
});
afterAll(workspace.remove);

/** Runs the compiler with the plugin as a user does, except that the plugin runs from source. */
function generate(folder: string, strategy: 'all' | 'directory' = 'all'): string {
  const plugin = {
    local: [
      ...[process.execPath, '--import', pathToFileURL(join(root, 'node_modules/tsx/dist/esm/index.mjs')).href],
      join(root, 'src/cli/protoc-gen-duplex.ts'),
    ],
    out: '.',
    opt: ['wire_out=proto', 'ts_out=gen'],
    strategy,
  };
  const template = JSON.stringify({ version: 'v2', plugins: [plugin] });
  const wireProtos = list(join(folder, 'proto')).filter((name) => name.endsWith('_duplex.proto'));
  const excluded = wireProtos.flatMap((name) => ['--exclude-path', join('proto', name)]);
  return buf(folder, 'generate', 'proto', '--template', template, ...excluded).toString();
}

describe('one run of the plugin', () => {
  beforeAll(() => {
    generate(workspace.folder);
    writeFileSync(join(workspace.folder, 'package.json'), '{ "type": "module" }');
    symlinkSync(join(root, 'node_modules'), join(workspace.folder, 'node_modules'));
  });

  test('writes wire protos, contracts and messages, and nothing for the options', () => {
    expect(list(join(workspace.folder, 'proto')).filter((name) => name.endsWith('_duplex.proto'))).toEqual([
      'acme/google/v1/clash_duplex.proto',
      'testing/v1/everything_duplex.proto',
    ]);
    expect(list(join(workspace.folder, 'gen'))).toEqual([
      'acme/google/v1/clash.ts',
      'acme/google/v1/clash_duplex.ts',
      'google/protobuf/empty.ts',
      'google/protobuf/struct.ts',
      'google/protobuf/wrappers.ts',
      'other/v1/other.ts',
      'testing/v1/everything.ts',
      'testing/v1/everything_duplex.ts',
    ]);
  });

  test('writes wire protos that compile, in the format of buf and clean for its lint', () => {
    const wireProtos = list(join(workspace.folder, 'proto')).filter((name) => name.endsWith('_duplex.proto'));
    const paths = wireProtos.flatMap((name) => ['--path', join('proto', name)]);
    expect(buf(workspace.folder, 'format', 'proto', '--diff', '--exit-code', ...paths).toString()).toBe('');
    expect(buf(workspace.folder, 'lint', 'proto', ...paths).toString()).toBe('');
  });

  test.each(compilers)('writes TypeScript that passes %s under every strict flag', async (compiler) => {
    expect(await compilerErrors(workspace.folder, 'gen', compiler)).toEqual([]);
  });

  test('changes nothing when it is repeated, directory by directory too', () => {
    const before = snapshot(workspace.folder);
    generate(workspace.folder);
    expect(snapshot(workspace.folder)).toEqual(before);
    generate(workspace.folder, 'directory');
    expect(snapshot(workspace.folder)).toEqual(before);
  });
});

test('the compiler shows what is wrong, and nothing is written', () => {
  const broken = createWorkspace({
    'demo.proto': proto(`service DemoService { option (duplex.v1.contract).callback = "Missing";
      rpc Then(google.protobuf.Empty) returns (google.protobuf.Empty); }`),
  });
  try {
    expect(() => generate(broken.folder)).toThrowError(
      /demo\.proto:5:23 {2}callback-unknown {2}.*\ndemo\.proto:6:7 {2}name-proxy {2}/,
    );
    expect(list(broken.folder).filter((name) => name.includes('_duplex'))).toEqual([]);
  } finally {
    broken.remove();
  }
});

test('the generated code that is checked in is what the generator writes', () => {
  const checkedIn = join(root, 'test/support');
  expect(read(join(workspace.folder, 'proto/testing/v1/everything_duplex.proto'))).toBe(
    read(join(checkedIn, 'proto/testing/v1/everything_duplex.proto')),
  );
  expect(read(join(workspace.folder, 'gen/testing/v1/everything.ts'))).toBe(
    read(join(checkedIn, 'gen/testing/v1/everything.ts')),
  );
});

function snapshot(folder: string): ReadonlyMap<string, string> {
  return new Map(
    ['proto', 'gen'].flatMap((top) =>
      list(join(folder, top)).map((name) => [`${top}/${name}`, read(join(folder, top, name))] as const),
    ),
  );
}

function list(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

function read(path: string): string {
  return readFileSync(path, 'utf8');
}
