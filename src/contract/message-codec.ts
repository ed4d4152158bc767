/**
 * What the library sees of a protobuf writer. Codecs may belong to another
 * copy of the protobuf library, as in a CommonJS program: its classes have the
 * same members, but are not the same types.
 */
interface MessageWriter {
  finish(): Uint8Array;
}

/** What the library sees of a protobuf reader; as for {@link MessageWriter}. */
interface MessageReader {
  pos: number;
  readonly len: number;
}

/**
 * What the library needs of a protobuf message type: the object that ts-proto
 * generates beside each message interface, or anything of the same form.
 */
export interface MessageCodec<Message = unknown> {
  /** Full proto name, e.g. `calculator.v1.AddToRequest`. */
  readonly $type: string;
  // Method syntax on purpose: a codec of a known message is usable where any codec is asked for.
  encode(message: Message, writer?: MessageWriter): MessageWriter;
  decode(input: MessageReader | Uint8Array, length?: number): Message;
  /** Completes an {@link Init} with the defaults of missing fields. */
  fromPartial(init: object): Message;
}

type Atom = Date | Uint8Array | string | number | boolean | bigint | undefined | null;

/**
 * A message as a caller may write it: any field may be left out, at any depth,
 * and then has its proto default.
 */
export type Init<Message> = Message extends Atom
  ? Message
  : Message extends readonly (infer Item)[]
    ? readonly Init<Item>[]
    : Message extends { readonly $case: string; readonly value: unknown }
      ? { readonly $case: Message['$case']; readonly value: Init<Message['value']> }
      : { readonly [Field in keyof Message]?: Init<Message[Field]> | undefined };

/** A value that its holder may read and not change, at any depth. */
export type DeepReadonly<Value> = Value extends Atom
  ? Value
  : { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> };
