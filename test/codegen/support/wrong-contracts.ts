import type { RuleId } from '../../../src/codegen/rules/rule-ids.js';

export const request = 'message PingRequest {}';
const callbacks = 'service DemoCallbackService { rpc Told(PingRequest) returns (google.protobuf.Empty); }';

/** A contract with callbacks, its options and methods to be filled in. */
export function contract(options: string, methods = 'rpc Ping(PingRequest) returns (google.protobuf.Empty);'): string {
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

/** A contract that sends a message with the given body. */
function message(body: string): string {
  return `${contract('', 'rpc Ping(Note) returns (PingRequest);')} message Note { ${body} }`;
}

/** One mistake: what it is, the rule that it breaks, and what `demo.proto` says. */
type WrongContract = readonly [behaviour: string, rule: RuleId, source: string];

/** Contracts with one mistake each. */
export const wrongContracts: readonly WrongContract[] = [
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
