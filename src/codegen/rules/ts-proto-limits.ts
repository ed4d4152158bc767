/** Words that no type can be called in a module. */
const words = `any await bigint boolean break case catch class const continue debugger default delete do else enum
  export extends false finally for function if implements import in instanceof interface let never new null number
  object package private protected public return static string super switch symbol this throw true try typeof
  undefined unknown var void while with yield`;

/** Functions, constants and types that ts-proto declares itself, or takes to be those of the language. */
const declared = `BigInt BinaryReader BinaryWriter Builtin DeepPartial Map Math MessageFns Partial ReadonlyArray Uint8Array
  base64FromBytes bytesFromBase64 fromJsonTimestamp fromTimestamp globalThis isObject isSet protobufFileName
  protobufPackage toTimestamp`;

/** Variables of its functions, which hide a type's codec. */
const variables = 'acc base e end entries input k key length message obj reader tag v value writer';

/** Names of types that break what ts-proto writes. Found by trying, with ts-proto 2.18. */
export const brokenNames: ReadonlySet<string> = new Set([words, declared, variables].join(' ').split(/\s+/));

/** Names of fields that ts-proto finds on any object, and so takes as set when they are not. */
export const inheritedNames: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));
