import { describe, expect, it } from 'vitest';
import { Code } from '../../src/errors.js';
import { Ping } from '../../src/gen/duplex/v1/session.js';
import { content, control, controlOf, encodeEnvelope } from '../support/envelope.js';
import { SessionPair, TELL } from '../support/session-pair.js';

const plain = { client: { level: 'plain' } } as const;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('a session at the plain level', () => {
  it('begins with what the client has to say, and has no numbers, batches or control messages', () => {
    const pair = new SessionPair(plain);
    pair.connect();
    for (const id of upTo(5)) pair.client.tell(id);
    while (pair.poll(pair.client));
    const items = pair.arriving(pair.service);
    expect(items).toHaveLength(5);
    while (pair.deliver(pair.service));
    for (const id of upTo(5)) pair.service.tell(id);
    while (pair.poll(pair.service));
    for (const frame of [...items, ...pair.arriving(pair.client)]) {
      expect([frame.seq, frame.ack, frame.backlog, frame.more, controlOf(frame)]).toEqual(Array(5).fill(undefined));
    }
    expect(pair.service.told).toEqual(upTo(5));
  });

  it('begins with an empty envelope where the client has nothing to say', () => {
    const pair = new SessionPair(plain);
    pair.connect();
    while (pair.poll(pair.client));
    expect(pair.arriving(pair.service)).toEqual([{}]);
  });

  it('may begin with an operation', () => {
    const pair = new SessionPair(plain);
    pair.connect();
    pair.client.session.poll(0);
    pair.client.tell(1);
    pair.settle();
    expect(pair.service.events).toEqual(['opening', 'opened']);
    expect(pair.service.told).toEqual([1]);
  });

  it('carries any number of items both ways, in order', () => {
    const pair = SessionPair.opened(plain);
    for (const id of upTo(3_000)) for (const side of pair.sides) side.tell(id);
    pair.settle();
    for (const { told } of pair.sides) expect(told).toEqual(upTo(3_000));
  });

  it('is closed by the client with a half-close, after what it sent', () => {
    const pair = SessionPair.opened(plain);
    for (const id of upTo(10)) pair.client.tell(id);
    pair.service.holds = () => true;
    pair.client.session.close(pair.now, 'enough');
    pair.settle();
    expect(pair.service.end).toBeUndefined();
    while (pair.service.held.length > 0) {
      pair.service.begin();
      pair.service.tell(pair.service.held.length);
    }
    pair.settle();
    expect(pair.service.told).toEqual(upTo(10));
    expect(pair.client.told).toEqual(upTo(10).reverse());
    expect(pair.sides.map(({ end }) => `${end?.kind} ${end?.origin}`)).toEqual(['closed local', 'closed remote']);
  });

  it('is closed by the service when it is done', () => {
    const pair = SessionPair.opened(plain);
    pair.service.tell(1);
    pair.service.session.close(pair.now, 'enough');
    pair.settle();
    expect(pair.client.told).toEqual([1]);
    expect(pair.sides.map(({ end }) => `${end?.kind} ${end?.origin}`)).toEqual(['closed remote', 'closed local']);
  });

  it('is not read on while 256 of its operations wait, unless its own answer is awaited', () => {
    const pair = SessionPair.opened(plain);
    pair.service.holds = () => true;
    for (const id of upTo(255)) pair.client.tell(id);
    pair.settle();
    expect(pair.service.session.congested).toBe(false);
    pair.client.tell(255);
    pair.settle();
    expect(pair.service.session.congested).toBe(true);
    pair.service.awaited = 1;
    expect(pair.service.session.congested).toBe(false);
    pair.service.awaited = 0;
    pair.service.begin();
    expect(pair.service.session.congested).toBe(false);
  });

  it('ends with RESOURCE_EXHAUSTED at four times that', () => {
    const pair = SessionPair.opened(plain);
    pair.service.holds = () => true;
    for (const id of upTo(1_024)) pair.client.tell(id);
    pair.settle();
    expect(pair.service.end).toBeUndefined();
    pair.client.tell(1_024);
    pair.settle();
    expect(pair.service.end).toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
    expect(pair.client.end).toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
  });

  it('has no pings: silence means nothing', () => {
    const pair = SessionPair.opened(plain);
    pair.advance(24 * 3_600_000);
    expect(pair.sides.map(({ session }) => [session.state, session.deadline])).toEqual([
      ['open', Number.POSITIVE_INFINITY],
      ['open', Number.POSITIVE_INFINITY],
    ]);
  });

  it('is lost with its carrier', () => {
    const pair = SessionPair.opened({ ...plain, clientTerms: { ttlMs: 9_000 }, serviceTerms: { ttlMs: 9_000 } });
    pair.cut();
    expect(pair.sides.map(({ end }) => end?.kind)).toEqual(['lost', 'lost']);
  });

  it('ends with a violation for a control message', () => {
    const pair = SessionPair.opened(plain);
    const frame = encodeEnvelope({ content: control({ $case: 'ping', value: { id: 1 } }) });
    pair.service.session.receive(frame, pair.now);
    expect(pair.service.end).toMatchObject({ kind: 'protocol' });
    pair.settle();
    expect(pair.client.end).toMatchObject({ kind: 'protocol' });
  });

  it('takes several items in one frame from who sends them', () => {
    const pair = SessionPair.opened(plain);
    const more = [2, 3].map((id) => ({ content: content(TELL, Ping, { id }) }));
    pair.service.session.receive(encodeEnvelope({ content: content(TELL, Ping, { id: 1 }), more }), pair.now);
    expect(pair.service.told).toEqual([1, 2, 3]);
  });
});
