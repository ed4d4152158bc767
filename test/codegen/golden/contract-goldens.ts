import { carries, type Golden, golden, named } from './golden.js';

const note = 'message Note { string text = 1; }';

/** How services may be put together, named and optioned. */
export const contractGoldens: readonly Golden[] = [
  golden(
    'every shape both ways',
    `service DemoService {
       option (duplex.v1.contract) = { callback: "DemoCallbackService" state: "Note" empty_is_one_way: true };
       rpc Tell(Note) returns (google.protobuf.Empty); rpc Ask(Note) returns (Note);
       rpc Listen(Note) returns (stream Note); rpc Upload(stream Note) returns (Note);
       rpc Chat(stream Note) returns (stream Note);
     }
     service DemoCallbackService {
       option (duplex.v1.callback).empty_is_one_way = true;
       rpc Told(Note) returns (google.protobuf.Empty); rpc Asked(Note) returns (Note);
       rpc Listened(Note) returns (stream Note); rpc Uploaded(stream Note) returns (Note);
       rpc Chatted(stream Note) returns (stream Note);
     } ${note}`,
  ),
  golden(
    'several contracts in one file',
    `service FirstService { option (duplex.v1.contract) = {}; rpc Send(Note) returns (Note); }
     service SecondService { option (duplex.v1.contract).state = "Note"; rpc Send(Note) returns (Note); }
     service ThirdService { option (duplex.v1.contract).callback = "ThirdCallbackService"; rpc Send(Note) returns (Note); }
     service ThirdCallbackService { rpc Told(Note) returns (Note); } ${note}`,
  ),
  golden(
    'one callback contract of several services',
    `service FirstService { option (duplex.v1.contract).callback = "SharedCallbackService"; rpc Send(Note) returns (Note); }
     service SecondService { option (duplex.v1.contract).callback = "SharedCallbackService";
       rpc Other(Note) returns (Note); rpc Send(Note) returns (Note); }
     service SharedCallbackService { rpc Told(Note) returns (Note); rpc Asked(Note) returns (stream Note); } ${note}`,
  ),
  golden(
    'a callback contract of another package',
    `import "golden/callbacks/v1/callbacks.proto";
     service DemoService { option (duplex.v1.contract).callback = "callbacks.v1.FarCallbackService"; rpc Send(Note) returns (Note); } ${note}`,
    {
      'golden/callbacks/v1/callbacks.proto': `syntax = "proto3"; package golden.callbacks.v1;
        service FarCallbackService { rpc Told(FarNote) returns (FarNote); } message FarNote { string text = 1; }`,
    },
  ),
  golden(
    'services without the option',
    `${carries('Note')} service PlainService { rpc Send(Note) returns (Note); } ${note}`,
  ),
  golden(
    'state without callbacks',
    `service DemoService { option (duplex.v1.contract).state = "Note"; rpc Send(Note) returns (Note); } ${note}`,
  ),
  golden(
    'no session',
    `service DemoService { option (duplex.v1.contract).session = SESSION_MODE_NOT_ALLOWED; rpc Send(Note) returns (Note); } ${note}`,
  ),
  golden(
    'a session if wanted',
    `service DemoService { option (duplex.v1.contract) = { callback: "DemoCallbackService" session: SESSION_MODE_ALLOWED };
       rpc Send(Note) returns (Note); } service DemoCallbackService { rpc Told(Note) returns (Note); } ${note}`,
  ),
  golden(
    'faults',
    `service DemoService { option (duplex.v1.contract) = {};
       rpc Send(Note) returns (Note) { option (duplex.v1.operation) = { faults: ["Note", "Oops.Deep"] }; }
       rpc Upload(stream Note) returns (Note) { option (duplex.v1.operation).faults = "Oops"; } }
     message Oops { message Deep { int32 value = 1; } string why = 1; } ${note}`,
  ),
  golden(
    'deliveries',
    `service DemoService { option (duplex.v1.contract).callback = "DemoCallbackService"; rpc Send(Note) returns (Note); }
     service DemoCallbackService { option (duplex.v1.callback).empty_is_one_way = true;
       rpc Newest(Note) returns (google.protobuf.Empty) { option (duplex.v1.operation).delivery = DELIVERY_LATEST; }
       rpc Some(Note) returns (google.protobuf.Empty) { option (duplex.v1.operation).delivery = DELIVERY_LOSSY; } } ${note}`,
  ),
  golden(
    'explicit numbers',
    `service DemoService { option (duplex.v1.contract) = {};
       rpc First(Note) returns (Note) { option (duplex.v1.operation).number = 536870911; }
       rpc Second(Note) returns (Note); rpc Third(Note) returns (Note) { option (duplex.v1.operation).number = 18999; } } ${note}`,
  ),
  golden(
    'empty as a reply',
    `service DemoService { option (duplex.v1.contract).empty_is_one_way = true;
       rpc Tell(Note) returns (google.protobuf.Empty);
       rpc Reset(Note) returns (google.protobuf.Empty) { option (duplex.v1.operation).one_way = false; }
       rpc Ping(google.protobuf.Empty) returns (google.protobuf.Empty) { option (duplex.v1.operation).one_way = false; } } ${note}`,
  ),
  golden(
    'comments and deprecation',
    `// A */ comment, /* with ** marks.
     service DemoService { option (duplex.v1.contract) = {}; option deprecated = true;
       /* \${not} a \`template\` */ rpc Send(Note) returns (Note) { option deprecated = true; } } // behind
     ${note}`,
  ),
  golden(
    'operations called like keywords',
    named([
      'Delete',
      'New',
      'Class',
      'Function',
      'Default',
      'Import',
      'Await',
      'Yield',
      'Arguments',
      'Eval',
      'This',
      'Null',
    ]),
  ),
  golden(
    'methods called like members of proxies',
    named([
      'Close',
      'State',
      'Open',
      'Abort',
      'Handle',
      'Service',
      'Callbacks',
      'Status',
      'Session',
      'Callback',
      'Signal',
    ]),
  ),
  golden(
    'methods called like members of functions',
    named(['Call', 'Apply', 'Bind', 'Name', 'Length', 'Next', 'Subscribe', 'Pipe']),
  ),
  golden('methods with underscores', named(['get_thing', 'Get_Other', '__proto__', '_hidden', 'trailing_'])),
  golden('methods with acronyms and digits', named(['GetHTTPInfo', 'GetURL2', 'V2Ping', 'X', 'HTML', 'Get3D', 'A1B2'])),
  golden(
    'services without the suffix',
    `service Demo { option (duplex.v1.contract).callback = "DemoCallbacks"; rpc Send(Note) returns (Note); }
     service DemoCallbacks { rpc Told(Note) returns (Note); } ${note}`,
  ),
  golden(
    'services called like nothing else',
    `service Service { option (duplex.v1.contract) = {}; rpc Send(Note) returns (Note); }
     service lower_case { option (duplex.v1.contract) = {}; rpc Send(Note) returns (Note); } ${note}`,
  ),
  golden(
    'a message called like the contract',
    `service ChatService { option (duplex.v1.contract).state = "Chat"; rpc Send(Chat) returns (ChatMessage); }
     message Chat { string text = 1; } message ChatMessage { string text = 1; }`,
  ),
  golden(
    'contracts called like the library',
    ['Contract', 'OneWay', 'RequestReply', 'ServiceHandler', 'DuplexClient', 'defineContract']
      .map((name) => `service ${name}Service { option (duplex.v1.contract) = {}; rpc Send(Note) returns (Note); }`)
      .join('\n')
      .concat(note),
  ),
  {
    name: 'no package',
    files: {
      'unpacked.proto': `syntax = "proto3"; import "duplex/v1/contract.proto"; ${carries('Note')} ${note}`,
    },
  },
  {
    name: 'a contract in proto2',
    files: {
      'old/v1/old.proto': `syntax = "proto2"; package old.v1; import "duplex/v1/contract.proto"; ${carries('Old')}
        message Old { repeated string texts = 1; optional Old next = 2; repeated Kind kinds = 3; } enum Kind { KIND_ONE = 1; KIND_TWO = 2; }`,
    },
  },
  {
    name: 'a contract in an edition',
    files: {
      'new/v1/new.proto': `edition = "2023"; package new.v1; import "duplex/v1/contract.proto";
        option features.field_presence = IMPLICIT; ${carries('New')}
        message New { string text = 1; New next = 2; Kind kind = 3; } enum Kind { KIND_UNSPECIFIED = 0; KIND_ONE = 1; }`,
    },
  },
  {
    name: 'a deep package',
    files: {
      'a/b/c/d/v1/deep.proto': `syntax = "proto3"; package a.b.c.d.v1; import "duplex/v1/contract.proto";
        import "a/b/near.proto"; ${carries('b.Near')}`,
      'a/b/near.proto': 'syntax = "proto3"; package a.b; message Near { string text = 1; }',
    },
  },
];
