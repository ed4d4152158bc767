import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MessageCodec } from '../../../src/contract/message-codec.js';
import { Code, DuplexError } from '../../../src/errors.js';
import { CallFault, Context, Hello, Ping, Terms } from '../../../src/gen/duplex/v1/session.js';
import { Batch } from '../../../src/wire/batch.js';
import { bareHead, callHead, ItemEncoder } from '../../../src/wire/item-encoder.js';
import { decodeEnvelope, itemsOf } from '../../support/envelope.js';
import { thrownBy } from '../../support/thrown-by.js';

const encoder = new ItemEncoder();
const NO_BYTES = new Uint8Array();

describe('an encoded item', () => {
  it('has the content alone when no answer is wanted', () => {
    const item = encoder.encode(bareHead, 100, Ping, { id: 7 });
    expect(decodeEnvelope(item)).toEqual({ content: { number: 100, bytes: Ping.encode({ id: 7 }).finish() } });
  });

  it('says in its head what its call is about', () => {
    const context = Context.fromPartial({ traceparent: '00-1', headers: [{ name: 'a', value: Uint8Array.of(1) }] });
    const item = encoder.encode({ callId: 2 ** 40, replyTo: 0, timeoutMs: 250, context }, 101, Ping, { id: 1 });
    expect(decodeEnvelope(item)).toMatchObject({ callId: 2 ** 40, timeoutMs: 250, context, content: { number: 101 } });
  });

  it('holds any head and any content so that another library reads the same', () => {
    const heads = fc.record({ callId: fc.maxSafeNat(), replyTo: fc.maxSafeNat(), timeoutMs: fc.nat(0xffff_ffff) });
    const number = fc.integer({ min: 16, max: 2 ** 28 - 1 });
    fc.assert(
      fc.property(heads, number, fc.string(), fc.nat(16), (head, arm, message, code) => {
        const item = encoder.encode({ ...head, context: undefined }, arm, CallFault, { code, message });
        const { callId = 0, replyTo = 0, timeoutMs = 0, content } = decodeEnvelope(item);
        expect({ callId, replyTo, timeoutMs }).toEqual(head);
        expect(content?.number).toBe(arm);
        expect(CallFault.decode(content?.bytes ?? new Uint8Array())).toMatchObject({ code, message });
      }),
    );
  });

  it.each([16, 100, 2 ** 28, 2 ** 29 - 1])('may have any number that protobuf gives fields: %d', (number) => {
    expect(decodeEnvelope(encoder.encode(bareHead, number, Ping, { id: 1 })).content?.number).toBe(number);
  });

  it('gives a field that was left out its default, never NaN or "undefined"', () => {
    for (const init of [{}, undefined, null, { message: undefined, code: undefined }, { message: null }]) {
      const { content } = decodeEnvelope(encoder.encode(bareHead, 100, CallFault, init));
      expect(CallFault.decode(content?.bytes ?? Uint8Array.of(255))).toEqual(CallFault.fromPartial({}));
    }
  });

  it('does the same for fields of messages within', () => {
    const { content } = decodeEnvelope(encoder.encode(bareHead, 100, Hello, { terms: { calls: undefined } }));
    expect(Hello.decode(content?.bytes ?? new Uint8Array()).terms).toEqual(Terms.fromPartial({}));
  });
});

describe('an item in whose codec another one is sent', () => {
  it('comes after it, and both are whole', () => {
    const batch = new Batch();
    const send = (codec: MessageCodec<Ping>, id: number): void =>
      batch.append(encoder.encodeOnce(callHead(id), 100, codec, { id }, batch));
    const sendsFirst: MessageCodec<Ping> = {
      ...Ping,
      encode(message, writer) {
        for (const before of [2, 3]) send(Ping, before);
        return (Ping as MessageCodec<Ping>).encode(message, writer);
      },
    };
    for (const id of [1, 4]) send(id === 1 ? Ping : sendsFirst, id);
    const frame = decodeEnvelope(batch.frame(0, batch.count, { seq: 0, ack: 0, backlog: 0 }));
    const ids = itemsOf(frame).map(({ callId, content }) => [callId, Ping.decode(content?.bytes ?? NO_BYTES).id]);
    expect(ids).toEqual([1, 2, 3, 4].map((id) => [id, id]));
  });
});

describe('an item that cannot be encoded', () => {
  const misfits: readonly (readonly [string, object])[] = [
    ['a fraction in an integer field', { code: 1.5 }],
    ['an integer that is too large', { code: 2 ** 31 }],
    ['NaN in an integer field', { code: Number.NaN }],
    ['a negative number in an unsigned field', { retryAfterMs: -1 }],
    ['a text that is no number', { code: 'many' }],
    ['undefined where a number belongs in a list', { details: [undefined] }],
    ['a buffer in place of its bytes', { details: [{ value: new ArrayBuffer(3) }] }],
    ['numbers that are longer than a byte', { details: [{ value: new Uint16Array(3) }] }],
  ];

  it.each(misfits)('fails with INVALID_ARGUMENT that names the message: %s', (_, init) => {
    const error = thrownBy(() => new ItemEncoder().encode(bareHead, 100, CallFault, init));
    expect(error).toBeInstanceOf(DuplexError);
    expect(error).toMatchObject({ kind: 'fault', code: Code.INVALID_ARGUMENT, origin: 'local', executed: 'no' });
    expect(error).toHaveProperty('message', expect.stringContaining('duplex.v1.CallFault'));
  });

  it.each(misfits)('leaves nothing behind in the next item: %s', (_, init) => {
    const clean = encoder.encode(bareHead, 100, CallFault, { message: 'next', code: 5 });
    thrownBy(() => encoder.encode({ ...bareHead, callId: 9 }, 100, CallFault, { message: 'x', ...init }));
    expect(encoder.encode(bareHead, 100, CallFault, { message: 'next', code: 5 })).toEqual(clean);
  });
});
