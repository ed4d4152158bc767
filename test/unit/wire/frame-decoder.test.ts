import { createRequire } from 'node:module';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import type { MessageCodec } from '../../../src/contract/message-codec.js';
import { Code, DuplexError } from '../../../src/errors.js';
import { CallFault, Context, Ping } from '../../../src/gen/duplex/v1/session.js';
import { FrameDecoder } from '../../../src/wire/frame-decoder.js';
import { content, type Envelope, encodeEnvelope } from '../../support/envelope.js';
import { thrownBy } from '../../support/thrown-by.js';

const ping = (id: number): Envelope => ({ callId: id, content: content(100, Ping, { id }) });
const join = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));
const varintField = (field: number, value: number | bigint): Uint8Array =>
  new BinaryWriter()
    .uint32(field << 3)
    .uint64(value)
    .finish();

/** Everything that a frame says. */
function read(frame: Uint8Array) {
  const decoder = new FrameDecoder();
  decoder.read(frame);
  const { seq, ack, backlog, itemCount } = decoder;
  const items = [];
  while (decoder.next()) {
    const { callId, replyTo, timeoutMs, number } = decoder.item;
    items.push({ callId, replyTo, timeoutMs, number, id: decoder.item.decode(Ping).id });
  }
  return { seq, ack, backlog, itemCount, items };
}

describe('reading a frame', () => {
  it('finds `more` before the content of the first item, where other encoders put it', () => {
    const frame = encodeEnvelope({ seq: 5, ack: 3, backlog: 1, ...ping(1), more: [ping(2), ping(3)] });
    const { items, ...numbers } = read(frame);
    expect(numbers).toEqual({ seq: 5, ack: 3, backlog: 1, itemCount: 3 });
    expect(items.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(items.map(({ callId }) => callId)).toEqual([1, 2, 3]);
  });

  it('takes fields in any order', () => {
    const [first, second] = [encodeEnvelope(ping(1)), encodeEnvelope(ping(2))];
    const more = new BinaryWriter().uint32(122).bytes(second).finish();
    for (const frame of [join(first, more, varintField(1, 9)), join(more, varintField(1, 9), first)]) {
      expect(read(frame)).toMatchObject({ seq: 9, itemCount: 2, items: [{ id: 1 }, { id: 2 }] });
    }
  });

  it('skips fields that it does not know, in the frame and in each item', () => {
    const unknown = new BinaryWriter()
      .uint32(8 << 3)
      .uint64(7)
      .uint32((9 << 3) | 1)
      .fixed64(1);
    unknown
      .uint32((10 << 3) | 5)
      .fixed32(1)
      .uint32((11 << 3) | 2)
      .string('later');
    const extra = unknown.finish();
    const more = new BinaryWriter()
      .uint32(122)
      .bytes(join(extra, encodeEnvelope(ping(2))))
      .finish();
    const frame = join(extra, more, extra, encodeEnvelope(ping(1)), extra, more, extra);
    expect(read(frame).items.map(({ id }) => id)).toEqual([1, 2, 2]);
  });

  it('forgets the head of one item before the next', () => {
    const head = { callId: 9, timeoutMs: 4, context: Context.fromPartial({ traceparent: 't' }) };
    const frame = encodeEnvelope({ ...ping(1), ...head, more: [{ content: content(101, Ping, { id: 2 }) }] });
    const decoder = new FrameDecoder();
    decoder.read(frame);
    decoder.next();
    expect(decoder.item.context).toMatchObject({ traceparent: 't' });
    decoder.next();
    expect(decoder.item).toMatchObject({ callId: 0, timeoutMs: 0, number: 101, context: undefined });
  });

  it('finds an empty frame empty, and an acknowledgement without items', () => {
    expect(read(new Uint8Array())).toEqual({ seq: 0, ack: 0, backlog: 0, itemCount: 0, items: [] });
    expect(read(encodeEnvelope({ ack: 4, backlog: 2 }))).toMatchObject({ ack: 4, backlog: 2, itemCount: 0 });
  });

  it('can be done again with the next frame after one that failed', () => {
    const decoder = new FrameDecoder();
    thrownBy(() => decoder.read(Uint8Array.of(0xff)));
    decoder.read(encodeEnvelope({ seq: 2, ...ping(8) }));
    expect(decoder.next()).toBe(true);
    expect(decoder.item.decode(Ping)).toEqual({ id: 8 });
  });

  it.each([2 ** 53 - 1, 2 ** 49, 2 ** 32, 2 ** 31])('takes integers below 2^53: %d', (value) => {
    const frame = encodeEnvelope({ seq: value, ack: value, callId: value, content: content(100, Ping) });
    expect(read(frame)).toMatchObject({ seq: value, ack: value, items: [{ callId: value }] });
  });
});

describe('a frame that no correct peer sends', () => {
  const whole = encodeEnvelope({ seq: 1, ...ping(1), more: [ping(2)] });
  const lengthDelimited = (field: number, bytes: Uint8Array): Uint8Array =>
    new BinaryWriter()
      .uint32((field << 3) | 2)
      .bytes(bytes)
      .finish();
  const bad: readonly (readonly [string, Uint8Array])[] = [
    ['two contents in one item', join(encodeEnvelope(ping(1)), lengthDelimited(101, new Uint8Array()))],
    ['the same content twice', join(encodeEnvelope(ping(1)), encodeEnvelope(ping(1)))],
    [
      'two contents in an item of `more`',
      join(encodeEnvelope(ping(1)), lengthDelimited(15, join(encodeEnvelope(ping(2)), encodeEnvelope(ping(3))))),
    ],
    ['a number of 2^53', varintField(1, 2n ** 53n)],
    ['an acknowledgement of 2^53', varintField(2, 2n ** 53n)],
    ['a call id of 2^53', join(varintField(4, 2n ** 53n), encodeEnvelope({ content: content(100, Ping) }))],
    ['a number of 2^64 - 1', varintField(1, 2n ** 64n - 1n)],
    ['a varint without an end', Uint8Array.of(0x08, ...Array(40).fill(0x80))],
    ['`more` within `more`', encodeEnvelope({ ...ping(1), more: [{ ...ping(2), more: [ping(3)] }] })],
    ['a number within `more`', encodeEnvelope({ ...ping(1), more: [{ ...ping(2), seq: 2 }] })],
    ['an acknowledgement within `more`', encodeEnvelope({ ...ping(1), more: [{ ...ping(2), ack: 2 }] })],
    ['items in `more` but none of its own', encodeEnvelope({ seq: 1, more: [ping(2)] })],
    ['an item in `more` without content', encodeEnvelope({ ...ping(1), more: [{ callId: 2 }] })],
    ['an arm that is not a message', varintField(100, 1)],
    ['a group', Uint8Array.of(((100 << 3) & 0x7f) | 0x80 | 3, 0x06)],
    ['field number 0', Uint8Array.of(0x02, 0x00)],
    ['a field longer than the frame', Uint8Array.of(0xa2, 0x06, 0x7f, 0x00)],
  ];

  it.each(bad)('is a violation: %s', (_, frame) => {
    const error = thrownBy(() => read(frame));
    expect(error).toBeInstanceOf(DuplexError);
    expect(error).toMatchObject({ kind: 'protocol', origin: 'remote', code: Code.INVALID_ARGUMENT });
  });

  it('is noticed wherever it is cut off', () => {
    const fields = new Set<number>();
    for (let end = 1; end < whole.length; end++) {
      try {
        // Between two fields a shorter frame is a frame as well.
        fields.add(read(whole.subarray(0, end)).itemCount);
      } catch (error) {
        expect(error).toBeInstanceOf(DuplexError);
        expect(error).toMatchObject({ kind: expect.stringMatching(/^(protocol|fault)$/) });
      }
    }
    expect(Math.max(...fields)).toBeLessThan(2);
  });
});

describe('an item whose content is not such a message', () => {
  const decoder = new FrameDecoder();

  it.each([
    ['garbage', Uint8Array.of(0xff, 0xff, 0xff)],
    ['a message that says to be longer than it is', Uint8Array.of(0x12, 0x10, 0x00)],
    ['half a varint', Uint8Array.of(0x08, 0x80)],
  ])('faults when it is decoded, and the items after it are still read: %s', (_, bytes) => {
    decoder.read(encodeEnvelope({ seq: 1, callId: 1, content: { number: 100, bytes }, more: [ping(2)] }));
    decoder.next();
    const error = thrownBy(() => decoder.item.decode(CallFault));
    expect(error).toMatchObject({ kind: 'fault', code: Code.INVALID_ARGUMENT, origin: 'remote' });
    expect(decoder.next()).toBe(true);
    expect(decoder.item.decode(Ping)).toEqual({ id: 2 });
  });
});

describe('a codec that belongs to another copy of the protobuf library', () => {
  const other = createRequire(import.meta.url)('@bufbuild/protobuf/wire') as { BinaryReader: typeof BinaryReader };
  const readers: unknown[] = [];
  // As ts-proto writes it, in a module that gets the library by `require`.
  const foreign: MessageCodec<Ping> = {
    ...Ping,
    decode(input, length) {
      const reader = input instanceof other.BinaryReader ? input : new other.BinaryReader(input as Uint8Array);
      readers.push(reader);
      return Ping.decode(input instanceof Uint8Array ? input : reader.bytes(), length);
    },
  };

  it('reads every item, whoever reads the items between', () => {
    expect(other.BinaryReader).not.toBe(BinaryReader);
    const decoder = new FrameDecoder();
    decoder.read(encodeEnvelope({ ...ping(1), more: [ping(2), ping(3), ping(4)] }));
    const seen = [foreign, Ping, foreign, Ping].map((codec) => {
      decoder.next();
      return decoder.item.decode(codec).id;
    });
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(readers).toHaveLength(2);
  });

  it('faults on an item that is not such a message, from the first one on', () => {
    const decoder = new FrameDecoder();
    const broken: Envelope = { callId: 1, content: { number: 100, bytes: Uint8Array.of(0xff) } };
    decoder.read(encodeEnvelope({ ...broken, more: [broken, ping(3)] }));
    for (let index = 0; index < 2; index++) {
      decoder.next();
      expect(thrownBy(() => decoder.item.decode(foreign))).toMatchObject({
        kind: 'fault',
        code: Code.INVALID_ARGUMENT,
      });
    }
    decoder.next();
    expect(decoder.item.decode(foreign)).toEqual({ id: 3 });
  });
});
