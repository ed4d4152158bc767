import { describe, expect, test } from 'vitest';
import { compile, proto } from './support/compile.js';
import { run, typescriptOf } from './support/run.js';

const messages = 'message AskRequest {} message AskResponse {} message DemoState {} message Oops {}';

describe('the TypeScript of a contract', () => {
  test('is a constant that carries names, numbers, shapes and codecs', async () => {
    const text = await typescriptOf(`
      // Talks.
      service DemoService {
        option (duplex.v1.contract) = { callback: "DemoCallbackService" state: "DemoState" };
        rpc Ask(AskRequest) returns (AskResponse);
      }
      service DemoCallbackService { rpc Told(AskRequest) returns (AskResponse); }
      ${messages}`);
    expect(text).toContain(`/** Talks. */
export const Demo: Contract<Demo.Operations, Demo.Callbacks, Demo.State> =
  /* @__PURE__ */ defineContract({
    name: 'demo.v1.DemoService',
    callbackName: 'demo.v1.DemoCallbackService',
    wireName: 'demo.v1.DemoDuplexService',
    operations: {
      ask: { name: 'Ask', number: 100, shape: 'request-reply', request: AskRequest, reply: AskResponse },
    },
    callbacks: {
      told: { name: 'Told', number: 101, shape: 'request-reply', request: AskRequest, reply: AskResponse },
    },
    state: DemoState,
    descriptors,
  });
`);
  });

  test('says what differs from the defaults of the options, and only that', async () => {
    const text = await typescriptOf(`
      service DemoService {
        option (duplex.v1.contract) = { callback: "DemoCallbackService" empty_is_one_way: true };
        rpc Open(AskRequest) returns (google.protobuf.Empty);
        rpc Ask(AskRequest) returns (AskResponse) {
          option (duplex.v1.operation) = { initiating: false terminating: true idempotent: true faults: "Oops" number: 200 };
        }
      }
      service DemoCallbackService {
        rpc Told(AskRequest) returns (google.protobuf.Empty) {
          option (duplex.v1.operation) = { one_way: true delivery: DELIVERY_LATEST };
        }
      }
      ${messages}`);
    expect(text).toContain(`    operations: {
      open: { name: 'Open', number: 100, shape: 'one-way', request: AskRequest },
      ask: {
        name: 'Ask',
        number: 200,
        shape: 'request-reply',
        request: AskRequest,
        reply: AskResponse,
        faults: [Oops],
        initiating: false,
        terminating: true,
        idempotent: true,
      },
    },
    callbacks: {
      told: { name: 'Told', number: 101, shape: 'one-way', request: AskRequest, delivery: 'latest' },
    },
    descriptors,
  });`);
  });

  test.each([
    ['', undefined],
    ['session: SESSION_MODE_ALLOWED', undefined],
    ['session: SESSION_MODE_REQUIRED', 'required'],
    ['session: SESSION_MODE_NOT_ALLOWED', 'not-allowed'],
    ['state: "DemoState"', undefined],
    ['state: "DemoState" session: SESSION_MODE_ALLOWED', 'allowed'],
  ])('names the session mode where the contract’s is not the default: { %s }', async (options, mode) => {
    const text = await typescriptOf(`
      service DemoService { option (duplex.v1.contract) = { ${options} }; rpc Ask(AskRequest) returns (AskResponse); }
      ${messages}`);
    expect(/session: '(.*)',/.exec(text)?.[1]).toBe(mode);
  });

  test('declares the types of every shape, with the comments of the rpcs', async () => {
    const text = await typescriptOf(`
      service DemoService {
        option (duplex.v1.contract).empty_is_one_way = true;
        // Tells */ it.
        rpc Tell(AskRequest) returns (google.protobuf.Empty);
        /* Asks.
         * Waits. */
        rpc Ask(AskRequest) returns (AskResponse);
        rpc Listen(AskRequest) returns (stream AskResponse); // Listens.
        rpc Upload(stream AskRequest) returns (AskResponse) { option deprecated = true; }
        rpc Chat(stream AskRequest) returns (stream AskResponse);
      }
      ${messages}`);
    expect(text).toContain(`  interface Operations {
    /** Tells * / it. */
    tell: OneWay<AskRequest>;
    /**
     * Asks.
     * Waits.
     */
    ask: RequestReply<AskRequest, AskResponse>;
    /** Listens. */
    listen: ReplyStream<AskRequest, AskResponse>;
    /** @deprecated */
    upload: RequestStream<AskRequest, AskResponse>;
    chat: BothStreams<AskRequest, AskResponse>;
  }
`);
    expect(text).toContain('interface Callbacks {}');
    expect(text).toContain('type State = undefined;');
  });

  test('imports under other names what is called like the contract, its types or the library', async () => {
    const text = await typescriptOf(`
      service ContractService {
        option (duplex.v1.contract).state = "State";
        rpc Ask(Contract) returns (Session);
        rpc Nest(Outer.Inner) returns (Date);
        rpc Tell(OneWay) returns (google.protobuf.Empty) { option (duplex.v1.operation).one_way = true; }
      }
      message Contract {} message ContractMessage {} message State {} message Session {} message OneWay {}
      message Outer { message Inner {} } message Date {}`);
    expect(importsOf(text, 'grpc-duplex/codegen/v1')).toEqual([
      'type CallbackHandler as DuplexCallbackHandler',
      'type Contract as DuplexContract',
      'defineContract',
      'type DuplexClient',
      'type OneWay as DuplexOneWay',
      'type RequestReply',
      'type ServiceHandler',
      'type ServiceSession',
    ]);
    expect(importsOf(text, './demo.js')).toEqual([
      'Contract as ContractMessage',
      'DateMessage',
      'OneWay',
      'Outer_Inner',
      'Session as SessionMessage',
      'State as StateMessage',
    ]);
    expect(text).toContain('tell: DuplexOneWay<OneWay>;');
    expect(text).toContain('type State = StateMessage;');
  });

  test('follows the options of ts-proto that change names', async () => {
    const text = await typescriptOf(
      `service DemoService { option (duplex.v1.contract) = {}; rpc Ask(Outer.Inner) returns (google.protobuf.Empty); }
       message Outer { message Inner {} }`,
      'importSuffix=,fileSuffix=.pb,messageSuffix=Pb,useSnakeTypeName=false,Mgoogle/protobuf/empty.proto=wkt,runtime=rt',
    );
    expect(importsOf(text, './demo.pb')).toEqual(['OuterInnerPb']);
    expect(importsOf(text, 'wkt')).toEqual(['EmptyPb']);
    expect(importsOf(text, 'rt')).toContain('defineContract');
  });
});

describe('ts-proto is asked to write', () => {
  const files = {
    'used.proto': 'syntax = "proto3"; package demo.v1; import "inner.proto"; message Used { Inner inner = 1; }',
    'inner.proto': 'syntax = "proto3"; package demo.v1; message Inner {} enum Kind { KIND_UNSPECIFIED = 0; }',
    'unused.proto': 'syntax = "proto3"; package demo.v1; message Unused {}',
  };
  const demo = (reply: string) =>
    proto(`import "used.proto"; import "unused.proto"; import "google/protobuf/timestamp.proto";
      service DemoService { option (duplex.v1.contract) = {}; rpc Ask(Used) returns (${reply}); }
      message Later { google.protobuf.Timestamp at = 1; }`);

  async function messageFiles(reply: string, more: Readonly<Record<string, string>> = {}) {
    const request = compile({ ...files, ...more, 'demo.proto': demo(reply) });
    request.fileToGenerate = ['demo.proto', ...Object.keys(more)];
    return [...(await run(request)).messageFiles].sort();
  }

  test('the file and what its messages and contracts use, but no options and no descriptors', async () => {
    expect(await messageFiles('Later')).toEqual([
      ...['demo.proto', 'google/protobuf/timestamp.proto', 'inner.proto', 'used.proto'],
    ]);
  });

  test('Empty only where somebody sees it', async () => {
    expect(await messageFiles('google.protobuf.Empty')).toContain('google/protobuf/empty.proto');
    expect(await messageFiles('Later')).not.toContain('google/protobuf/empty.proto');
  });

  test('no wire proto, should one be among the inputs', async () => {
    const wire = 'syntax = "proto3"; package demo.v1; message DemoClientEnvelope {}';
    expect(await messageFiles('Later', { 'demo_duplex.proto': wire })).not.toContain('demo_duplex.proto');
  });

  test('files without contracts too', async () => {
    const request = compile({ 'plain.proto': 'syntax = "proto3"; package plain.v1; message Plain {}' });
    const { files, messageFiles } = await run(request);
    expect([...files]).toEqual([]);
    expect(messageFiles).toEqual(['plain.proto']);
  });
});

/** The names that are imported from a module, as they are written. */
function importsOf(text: string, module: string): readonly string[] {
  const imports = [...text.matchAll(/import \{([^}]*)\} from '([^']*)';/g)];
  const names = imports.find(([, , from]) => from === module)?.[1] ?? '';
  return names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
