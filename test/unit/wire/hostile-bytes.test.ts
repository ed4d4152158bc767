import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MessageCodec } from '../../../src/contract/message-codec.js';
import { DuplexError } from '../../../src/errors.js';
import { CallFault, Context, Control, Hello, Ping } from '../../../src/gen/duplex/v1/session.js';
import { FrameDecoder } from '../../../src/wire/frame-decoder.js';
import { content, control, type Envelope, encodeEnvelope } from '../../support/envelope.js';

const item = fc.record(
  {
    callId: fc.maxSafeNat(),
    replyTo: fc.maxSafeNat(),
    timeoutMs: fc.nat(),
    context: fc.record({ traceparent: fc.string() }).map((init) => Context.fromPartial(init)),
    content: fc.oneof(
      fc.string().map((message) => content(20, CallFault, { message })),
      fc.nat().map((id) => control({ $case: 'ping', value: { id } })),
      fc.string().map((name) => control({ $case: 'hello', value: Hello.fromPartial({ contract: name }) })),
      fc.nat().map((id) => content(100, Ping, { id })),
    ),
  },
  { requiredKeys: ['content'] },
);
const frame: fc.Arbitrary<Uint8Array> = fc
  .record({ seq: fc.maxSafeNat(), ack: fc.maxSafeNat(), first: item, more: fc.array(item, { maxLength: 4 }) })
  .map(({ first, more, ...numbers }) => encodeEnvelope({ ...numbers, ...first, more } as Envelope));

/** Where to change a frame, and to what; or where to cut, double or insert. */
const mutation = fc.record({
  how: fc.constantFrom('set', 'flip', 'cut', 'double', 'insert', 'remove'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  byte: fc.oneof(fc.nat(255), fc.constantFrom(0x00, 0x7f, 0x80, 0xff, 0x7a, 0x82)),
});

function mutate(bytes: Uint8Array, { how, at, byte }: { how: string; at: number; byte: number }): Uint8Array {
  const place = Math.floor(at * bytes.length);
  const [head, tail] = [bytes.subarray(0, place), bytes.subarray(place)];
  if (how === 'cut') return head;
  if (how === 'double') return Uint8Array.from([...head, ...tail, ...tail]);
  if (how === 'insert') return Uint8Array.from([...head, byte, ...tail]);
  if (how === 'remove') return Uint8Array.from([...head, ...tail.subarray(1)]);
  const changed = bytes.slice();
  if (place < changed.length) changed[place] = how === 'set' ? byte : (changed[place] ?? 0) ^ (1 << (byte & 7));
  return changed;
}

const decoder = new FrameDecoder();
const codecs: readonly MessageCodec[] = [Control, CallFault, Ping];

/** Reads all that there is to read; throws what nobody may see. */
function harmless(bytes: Uint8Array): 'read' | 'refused' {
  try {
    decoder.read(bytes);
    expect(decoder.itemCount).toBeLessThanOrEqual(bytes.length);
    while (decoder.next()) {
      const { callId, replyTo, timeoutMs } = decoder.item;
      for (const value of [callId, replyTo, timeoutMs]) expect(Number.isSafeInteger(value)).toBe(true);
      for (const codec of codecs) faultsAtMost(() => decoder.item.decode(codec));
      faultsAtMost(() => decoder.item.context);
    }
    return 'read';
  } catch (error) {
    if (error instanceof DuplexError && error.kind === 'protocol' && error.origin === 'remote') return 'refused';
    throw error;
  }
}

function faultsAtMost(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof DuplexError && error.kind === 'fault' && error.origin === 'remote')) throw error;
  }
}

describe('hostile bytes', () => {
  it('of 30,000 random frames are read or refused, nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void harmless(bytes)),
      { numRuns: 30_000 },
    );
  });

  it('of 70,000 frames changed in some places are read or refused, nothing else', () => {
    const outcomes = { read: 0, refused: 0 };
    fc.assert(
      fc.property(frame, fc.array(mutation, { minLength: 1, maxLength: 4 }), (bytes, mutations) => {
        outcomes[harmless(mutations.reduce(mutate, bytes))] += 1;
      }),
      { numRuns: 70_000 },
    );
    // If all went one way, the mutations would prove little.
    expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(1_000);
  });

  it('nested a thousand deep do no harm', () => {
    let bytes = encodeEnvelope({ content: content(100, Ping, { id: 1 }) });
    for (let depth = 0; depth < 1_000; depth++) bytes = encodeEnvelope({ more: [{ content: { number: 100, bytes } }] });
    expect(harmless(bytes)).toBe('refused');
  });
});
