import { carries, type Golden, golden, named, packageOf } from './golden.js';

const shared = `syntax = "proto3"; package golden.shared.v1;
  message Money { string currency = 1; int64 units = 2; }
  enum Color { COLOR_UNSPECIFIED = 0; COLOR_RED = 1; }`;

/** What messages may be made of, and where they may come from. */
export const messageGoldens: readonly Golden[] = [
  golden(
    'messages of another package',
    `import "golden/shared/v1/money.proto"; ${carries('golden.shared.v1.Money')}
     message Price { shared.v1.Money money = 1; }`,
    { 'golden/shared/v1/money.proto': shared },
  ),
  golden('messages of another file', `import "golden/messages_of_another_file/v1/other.proto"; ${carries('Other')}`, {
    'golden/messages_of_another_file/v1/other.proto': `syntax = "proto3";
      package ${packageOf('messages of another file')}; message Other { string text = 1; }`,
  }),
  golden('a public import', `import "golden/a_public_import/v1/door.proto"; ${carries('Behind')}`, {
    'golden/a_public_import/v1/door.proto': `syntax = "proto3"; package golden.a_public_import.v1;
      import public "golden/a_public_import/v1/behind.proto";`,
    'golden/a_public_import/v1/behind.proto': `syntax = "proto3"; package golden.a_public_import.v1;
      message Behind { string text = 1; }`,
  }),
  golden(
    'nested messages',
    `${carries('Outer', 'rpc Inner(Outer.Inner) returns (Outer.Inner.Deep);')}
     message Outer { message Inner { message Deep { int32 value = 1; } Deep deep = 1; } Inner inner = 1; repeated Inner.Deep deeps = 2; }`,
  ),
  golden(
    'nested messages of one name',
    `${carries('Left', 'rpc Items(Left.Item) returns (Right.Item);')}
     message Left { message Item { int32 left = 1; } Item item = 1; }
     message Right { message Item { int32 right = 1; } Item item = 1; }`,
  ),
  golden(
    'recursive messages',
    `${carries('Tree')} message Tree { string label = 1; repeated Tree branches = 2; map<string, Tree> named = 3; }`,
  ),
  golden(
    'well known types',
    `import "google/protobuf/any.proto"; import "google/protobuf/duration.proto";
     import "google/protobuf/field_mask.proto"; import "google/protobuf/struct.proto";
     import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto";
     ${carries('Known')}
     message Known {
       google.protobuf.Timestamp at = 1; google.protobuf.Duration lasts = 2; google.protobuf.Any any = 3;
       google.protobuf.Struct object = 4; google.protobuf.Value value = 5; google.protobuf.ListValue list = 6;
       google.protobuf.FieldMask mask = 7; google.protobuf.Empty empty = 8;
       google.protobuf.StringValue text = 9; google.protobuf.Int64Value big = 10; google.protobuf.BoolValue flag = 11;
       repeated google.protobuf.Timestamp times = 12; map<string, google.protobuf.Duration> durations = 13;
     }`,
  ),
  golden(
    'well known types as requests',
    `import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto";
     ${carries('google.protobuf.Timestamp', 'rpc Wrap(google.protobuf.StringValue) returns (google.protobuf.Empty);')}`,
  ),
  golden(
    'maps',
    `${carries('Maps')}
     enum Kind { KIND_UNSPECIFIED = 0; KIND_ONE = 1; } message Note { string text = 1; }
     message Maps { map<string, string> texts = 1; map<int32, Note> notes = 2; map<string, Kind> kinds = 3;
       map<int64, double> doubles = 4; map<bool, bytes> bytes = 5; map<fixed32, int64> longs = 6; }`,
  ),
  golden(
    'oneofs',
    `${carries('Choice')} message Note { string text = 1; } enum Kind { KIND_UNSPECIFIED = 0; KIND_ONE = 1; }
     message Choice { oneof first_choice { string some_text = 1; Note note = 2; Kind kind = 3; int64 big = 4; bytes raw = 5; }
       oneof second { bool flag = 6; double number = 7; } }`,
  ),
  golden(
    'enums',
    `${carries('Holder')}
     enum Kind { option allow_alias = true; KIND_UNSPECIFIED = 0; KIND_ONE = 1; KIND_UNO = 1; KIND_BELOW = -3; }
     message Holder { enum Kind { KIND_UNSPECIFIED = 0; KIND_INNER = 7; }
       Kind inner = 1; golden.enums.v1.Kind outer = 2; repeated Kind many = 3; repeated golden.enums.v1.Kind loose = 4 [packed = false]; }`,
  ),
  golden(
    'proto3 optional',
    `${carries('Maybe')} message Note { optional int32 value = 1; } enum Kind { KIND_UNSPECIFIED = 0; KIND_ONE = 1; }
     message Maybe { optional int32 count = 1; optional string text = 2; optional bool flag = 3; optional Kind kind = 4;
       optional Note note = 5; optional bytes raw = 6; optional int64 big = 7; }`,
  ),
  golden(
    'all scalars',
    `${carries('Scalars')}
     message Scalars { double a = 1; float b = 2; int32 c = 3; int64 d = 4; uint32 e = 5; uint64 f = 6; sint32 g = 7;
       sint64 h = 8; fixed32 i = 9; fixed64 j = 10; sfixed32 k = 11; sfixed64 l = 12; bool m = 13; string n = 14; bytes o = 15; }`,
  ),
  golden(
    'lists',
    `${carries('Lists')}
     message Lists { repeated double a = 1; repeated int64 b = 2; repeated string c = 3; repeated bytes d = 4;
       repeated bool e = 5 [packed = false]; repeated Lists f = 6; }`,
  ),
  golden(
    'messages of one name in two packages',
    `import "golden/twin/v1/note.proto"; ${carries('Note')}
     message Note { string text = 1; golden.twin.v1.Note twin = 2; }`,
    { 'golden/twin/v1/note.proto': 'syntax = "proto3"; package golden.twin.v1; message Note { int32 value = 1; }' },
  ),
  golden('an empty message', `${carries('Nothing')} message Nothing {}`),
  golden(
    'high field numbers',
    `${carries('High')} message High { string first = 16; string second = 18999; string last = 536870911; }`,
  ),
  golden('proto2 messages', `import "golden/proto2_messages/v1/old.proto"; ${carries('Old')}`, {
    'golden/proto2_messages/v1/old.proto': `syntax = "proto2"; package golden.proto2_messages.v1;
      message Old { repeated int32 values = 1; repeated string texts = 2 ; optional Part part = 3; oneof one { string a = 4; Part b = 5; }
        map<string, Part> parts = 6; repeated Kind kinds = 7 [packed = true]; }
      message Part { repeated int64 numbers = 1; } enum Kind { KIND_ZERO = 0; KIND_ONE = 1; }`,
  }),
  golden('editions 2023 messages', `import "golden/editions_2023_messages/v1/new.proto"; ${carries('New')}`, {
    'golden/editions_2023_messages/v1/new.proto': `edition = "2023"; package golden.editions_2023_messages.v1;
      option features.field_presence = IMPLICIT;
      message New { int32 value = 1; string text = 2; repeated int32 many = 3; New next = 4; Kind kind = 5; }
      enum Kind { KIND_UNSPECIFIED = 0; KIND_ONE = 1; }`,
  }),
  golden(
    'fields called like keywords',
    `${carries('Words')}
     message Words { string class = 1; string function = 2; string default = 3; string await = 4; string this = 5;
       string arguments = 6; string delete = 7; string new = 8; string then = 10; string catch = 11;
       string type = 12; string prototype = 13; oneof case { string value = 14; string name = 15; } string length = 16; }`,
  ),
  golden(
    'fields that do not follow the style',
    `${carries('Odd')}
     message Odd { string foo_1bar = 1; string FOO_BAR = 2; string fooBar_baz = 3; string ABC = 4; string a1_b2 = 5;
       string custom = 6 [json_name = "other_name"]; string _lead = 7; string trail_ = 8; string a__b = 9; string Upper = 10;
       string HTTPCode_x = 11; int64 big = 12 [jstype = JS_STRING]; int64 small = 13 [jstype = JS_NUMBER];
       oneof The_Choice { string One_Two = 14; string THREE = 15; } oneof OTHER_ONE { int32 x_y_ = 16; } }`,
  ),
  golden(
    'messages called like globals',
    `${carries('Promise', 'rpc One(Error) returns (Record);', 'rpc Two(Set) returns (Function);', 'rpc Three(Date) returns (Request);', 'rpc Four(Buffer) returns (Event);')}
     message Promise { Error error = 1; } message Error { string text = 1; } message Record { int32 value = 1; }
     message Set { repeated int32 values = 1; } message Function { string name = 1; } message Date { int32 day = 1; }
     message Request { string url = 1; } message Buffer { bytes data = 1; } message Event { int64 at = 1; }`,
  ),
  golden(
    'messages called like the library',
    `${named(['Send'])}
     service ClientService { option (duplex.v1.contract) = { state: "State" };
       rpc One(OneWay) returns (RequestReply); rpc Two(Contract) returns (Session);
       rpc Three(Handler) returns (DuplexClient); rpc Four(Operations) returns (Callbacks); }
     message State { int32 value = 1; } message OneWay { int32 value = 1; } message RequestReply { int32 value = 1; }
     message Contract { int32 value = 1; } message Session { int32 value = 1; } message Handler { int32 value = 1; }
     message DuplexClient { int32 value = 1; } message Operations { int32 value = 1; } message Callbacks { int32 value = 1; }`,
  ),
];
