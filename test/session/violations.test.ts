import { describe, expect, it } from 'vitest';
import { Code } from '../../src/errors.js';
import { Control, Goodbye, Ping } from '../../src/gen/duplex/v1/session.js';
import { content, control, type Envelope, encodeEnvelope } from '../support/envelope.js';
import { SessionPair, TELL } from '../support/session-pair.js';

const tell = (seq: number, id = seq): Envelope => ({ seq, content: content(TELL, Ping, { id }) });

describe('what no correct peer sends', () => {
  const violations: readonly (readonly [string, Envelope | Uint8Array])[] = [
    ['an acknowledgement of what was not sent', { ack: 1 }],
    ['an acknowledgement of 2^53 - 1', { ack: Number.MAX_SAFE_INTEGER }],
    ['more backlog than was sent', { backlog: 1 }],
    ['an item without a number', tell(0)],
    ['a number that leaves a gap', tell(2)],
    ['a number far away', tell(Number.MAX_SAFE_INTEGER)],
    ['bytes that are no envelope', Uint8Array.of(0xff, 0xff)],
    ['a control message that is none', { content: { number: 16, bytes: Uint8Array.of(0x0a, 0xff) } }],
  ];

  it.each(violations)("ends the session on the service's side, and the client learns it: %s", (_, frame) => {
    const pair = SessionPair.opened();
    pair.service.session.receive(frame instanceof Uint8Array ? frame : encodeEnvelope(frame), pair.now);
    expect(pair.service.end).toMatchObject({ kind: 'protocol', origin: 'remote', code: Code.INVALID_ARGUMENT });
    pair.settle();
    expect(pair.client.end).toMatchObject({ kind: 'protocol' });
    expect(pair.service.told).toEqual([]);
  });

  it.each(violations)("ends the session on the client's side, and the service learns it: %s", (_, frame) => {
    const pair = SessionPair.opened();
    pair.client.session.receive(frame instanceof Uint8Array ? frame : encodeEnvelope(frame), pair.now);
    expect(pair.client.end).toMatchObject({ kind: 'protocol', origin: 'remote' });
    pair.settle();
    expect(pair.service.end).toMatchObject({ kind: 'protocol', origin: 'remote' });
  });

  it('leaves what came before it as it was', () => {
    const pair = SessionPair.opened();
    const more = [2, 3].map((id) => ({ content: content(TELL, Ping, { id }) }));
    pair.service.session.receive(encodeEnvelope({ ...tell(1), more }), pair.now);
    pair.service.session.receive(encodeEnvelope(tell(9)), pair.now);
    pair.service.session.receive(encodeEnvelope(tell(4)), pair.now);
    expect(pair.service.told).toEqual([1, 2, 3]);
    expect(pair.service.events.filter((event) => event === 'closed')).toHaveLength(1);
  });
});

describe('what is unusual and no violation', () => {
  it('is a number that was there already, alone or at the start of a frame', () => {
    const pair = SessionPair.opened();
    for (const seq of [1, 2, 1, 2]) pair.service.session.receive(encodeEnvelope(tell(seq)), pair.now);
    const more = [2, 3, 4].map((id) => ({ content: content(TELL, Ping, { id }) }));
    pair.service.session.receive(encodeEnvelope({ ...tell(1), more }), pair.now);
    expect(pair.service.told).toEqual([1, 2, 3, 4]);
    expect(pair.service.end).toBeUndefined();
  });

  it('is an acknowledgement that came before', () => {
    const pair = SessionPair.opened();
    for (let id = 1; id <= 5; id++) pair.client.tell(id);
    pair.settle();
    for (const ack of [5, 3, 0, 5]) pair.client.session.receive(encodeEnvelope({ ack }), pair.now);
    expect(pair.client.end).toBeUndefined();
  });

  it('is a control message of a kind that nobody knows yet', () => {
    const pair = SessionPair.opened();
    const unknown = { number: 16, bytes: Uint8Array.of(0xfa, 0x07, 0x02, 0x08, 0x01) };
    for (const { session } of pair.sides) session.receive(encodeEnvelope({ content: unknown }), pair.now);
    const empty = { number: 16, bytes: Control.encode(Control.fromPartial({})).finish() };
    for (const { session } of pair.sides) session.receive(encodeEnvelope({ content: empty }), pair.now);
    expect(pair.sides.map(({ end }) => end)).toEqual([undefined, undefined]);
  });

  it('is a Goodbye with an error: it ends the session as it says', () => {
    const pair = SessionPair.opened();
    const goodbye = Goodbye.fromPartial({ code: Code.RESOURCE_EXHAUSTED, message: 'over quota', retryAfterMs: 9 });
    pair.client.session.receive(encodeEnvelope({ content: control({ $case: 'goodbye', value: goodbye }) }), pair.now);
    expect(pair.client.end).toMatchObject({
      origin: 'remote',
      code: Code.RESOURCE_EXHAUSTED,
      message: 'over quota',
      retryAfterMs: 9,
    });
  });
});
