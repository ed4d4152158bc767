import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import type { MessageCodec } from '../../src/contract/message-codec.js';
import { CallFault, Context, Control } from '../../src/gen/duplex/v1/session.js';

/** The content of an item: an arm's number and its encoded message. */
export interface Content {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** An envelope in the plain form in which tests write and read it. */
export interface Envelope {
  readonly seq?: number;
  readonly ack?: number;
  readonly backlog?: number;
  readonly callId?: number;
  readonly replyTo?: number;
  readonly timeoutMs?: number;
  readonly context?: Context;
  readonly more?: readonly Envelope[];
  readonly content?: Content;
}

/** A content of the given arm. */
export function content<Message>(number: number, codec: MessageCodec<Message>, init: object = {}): Content {
  return { number, bytes: codec.encode(codec.fromPartial(init)).finish() };
}

/** The content of a control message. */
export function control(kind: NonNullable<Control['kind']>): Content {
  return content(16, Control, { kind });
}

const scalars = [
  [1, 'seq'],
  [2, 'ack'],
  [3, 'backlog'],
  [4, 'callId'],
  [5, 'replyTo'],
  [6, 'timeoutMs'],
] as const;

/**
 * Encodes an envelope as the protobuf library of another language does: fields
 * in the order of their numbers, so `more` before the content. It shares
 * nothing with the library's own encoder.
 */
export function encodeEnvelope(envelope: Envelope): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  for (const [number, name] of scalars) {
    const value = envelope[name] ?? 0;
    if (value !== 0) writer.uint32(number << 3).uint64(value);
  }
  if (envelope.context !== undefined) Context.encode(envelope.context, writer.uint32(58).fork()).join();
  for (const item of envelope.more ?? []) writer.uint32(122).bytes(encodeEnvelope(item));
  if (envelope.content !== undefined) writer.uint32(envelope.content.number * 8 + 2).bytes(envelope.content.bytes);
  return Uint8Array.from(writer.finish());
}

/** Decodes an envelope, with as little in common with the library's own decoder. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  const reader = new BinaryReader(bytes);
  const envelope: { -readonly [Field in keyof Envelope]: Envelope[Field] } = {};
  const more: Envelope[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    const scalar = scalars.find(([number]) => number === field);
    if (scalar !== undefined) envelope[scalar[1]] = Number(reader.uint64());
    else if (field === 7) envelope.context = Context.decode(reader.bytes());
    else if (field === 15) more.push(decodeEnvelope(reader.bytes()));
    else if (field >= 16) envelope.content = { number: field, bytes: reader.bytes().slice() };
    else reader.skip(wireType);
  }
  return more.length > 0 ? { ...envelope, more } : envelope;
}

/** The items of a frame, in order: the envelope itself, then what is in `more`. */
export function itemsOf(envelope: Envelope): readonly Envelope[] {
  return envelope.content === undefined ? [] : [envelope, ...(envelope.more ?? [])];
}

/** The control message of an envelope, if it is one. */
export function controlOf({ content }: Envelope): Control['kind'] {
  return content?.number === 16 ? Control.decode(content.bytes).kind : undefined;
}

/** The fault of an envelope, if it is one. */
export function faultOf({ content }: Envelope): CallFault | undefined {
  return content?.number === 20 ? CallFault.decode(content.bytes) : undefined;
}
