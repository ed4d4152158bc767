import { describe, expect, it } from 'vitest';
import { Code, DuplexError } from '../../src/errors.js';
import { Hello, Result, Terms, Welcome } from '../../src/gen/duplex/v1/session.js';
import { content, control, controlOf, encodeEnvelope } from '../support/envelope.js';
import { SessionPair } from '../support/session-pair.js';

const hello = (init: Parameters<typeof Hello.fromPartial>[0] = {}) =>
  encodeEnvelope({
    content: control({ $case: 'hello', value: Hello.fromPartial({ maxVersion: 1, attempt: 1, ...init }) }),
  });

/** A service that is greeted with a frame of the test's own. */
function greeted(frame: Uint8Array, options: ConstructorParameters<typeof SessionPair>[0] = {}): SessionPair {
  const pair = new SessionPair(options);
  pair.connect();
  pair.service.inbox.push({ frame });
  pair.deliver(pair.service);
  while (pair.poll(pair.service));
  return pair;
}

describe('opening a session', () => {
  it('is one Hello and one Welcome', () => {
    const pair = new SessionPair({ clientTerms: { windowItems: 7 }, serviceTerms: { windowItems: 9 } });
    pair.connect();
    while (pair.poll(pair.client));
    const [first, ...rest] = pair.arriving(pair.service).map(controlOf);
    expect(first).toMatchObject({ $case: 'hello', value: { contract: 'a.AService', minVersion: 1, maxVersion: 1 } });
    expect(rest).toEqual([]);
    pair.deliver(pair.service);
    while (pair.poll(pair.service));
    const welcome = controlOf(pair.arriving(pair.client)[0] ?? {});
    expect(welcome).toMatchObject({ $case: 'welcome', value: { result: Result.OPENED, version: 1 } });
    pair.settle();
    expect(pair.client.session.sender.peerTerms.windowItems).toBe(9);
    expect(pair.service.session.sender.peerTerms.windowItems).toBe(7);
    expect(pair.client.events).toEqual(['opened']);
  });

  it('sends nothing between the Hello and the Welcome, and everything after it, in order', () => {
    const pair = new SessionPair();
    pair.accepts = false;
    pair.connect();
    pair.settle();
    for (let id = 1; id <= 5; id++) pair.client.tell(id);
    pair.settle();
    expect(pair.service.told).toEqual([]);
    pair.service.accept();
    pair.settle();
    expect(pair.service.told).toEqual([1, 2, 3, 4, 5]);
  });

  it('lets the service send before the client has said anything more', () => {
    const pair = new SessionPair();
    pair.accepts = false;
    pair.connect();
    pair.settle();
    pair.service.tell(1);
    pair.service.accept();
    pair.settle();
    expect(pair.client.told).toEqual([1]);
    expect(pair.client.events).toEqual(['opened']);
  });

  it('is confirmed by the client at once', () => {
    const pair = new SessionPair();
    pair.connect();
    pair.settle();
    expect(pair.service.events).toEqual(['opening', 'opened', 'confirmed']);
    expect(pair.now).toBe(0);
  });

  it('has a bound at the client', () => {
    const pair = new SessionPair({ client: { openTimeoutMs: 4_000 } });
    pair.accepts = false;
    pair.connect();
    pair.advance(3_999);
    expect(pair.client.end).toBeUndefined();
    pair.advance(1);
    expect(pair.client.end).toMatchObject({ kind: 'timeout', code: Code.DEADLINE_EXCEEDED, origin: 'local' });
    expect(pair.service.end).toBeDefined();
  });

  it('that fails for want of a connection is `unavailable`, not `lost`: nothing can have run', () => {
    const pair = new SessionPair();
    pair.connect();
    pair.client.session.carrierLost(new DuplexError('lost', 'ECONNREFUSED', { code: Code.UNAVAILABLE }), pair.now);
    expect(pair.client.end).toMatchObject({ kind: 'unavailable', message: 'ECONNREFUSED' });
  });

  it('may be refused: the client gets code and text, and when to come back', () => {
    const pair = new SessionPair();
    pair.accepts = false;
    pair.connect();
    pair.settle();
    pair.service.session.refuse(
      new DuplexError('refused', 'full', { code: Code.RESOURCE_EXHAUSTED, retryAfterMs: 2_500 }),
    );
    pair.settle();
    expect(pair.client.end).toMatchObject({
      kind: 'refused',
      code: Code.RESOURCE_EXHAUSTED,
      message: 'full',
      origin: 'remote',
      retryAfterMs: 2_500,
    });
    expect(pair.service.events).not.toContain('opened');
  });

  it('is refused to who asks for another contract, by both names', () => {
    const pair = new SessionPair({ client: { contract: 'b.BService' } });
    pair.connect();
    pair.settle();
    expect(pair.client.end).toMatchObject({ kind: 'refused', code: Code.UNIMPLEMENTED });
    expect(pair.client.end?.message).toMatch(/a\.AService.*b\.BService/);
    expect(pair.service.events).not.toContain('opening');
  });

  it.each([
    ['too new', { minVersion: 2, maxVersion: 3 }],
    ['too old', { minVersion: 0, maxVersion: 0 }],
  ])('is refused where there is no common version, or begins where the client does not care: %s', (what, versions) => {
    const pair = greeted(hello(versions));
    if (what === 'too old') expect(pair.service.events).toContain('opened');
    else {
      expect(pair.service.end).toMatchObject({ kind: 'refused', code: Code.FAILED_PRECONDITION });
      expect(controlOf(pair.arriving(pair.client)[0] ?? {})).toMatchObject({ $case: 'goodbye' });
    }
  });

  it("takes the protocol's defaults for terms that the client does not mention", () => {
    const pair = greeted(hello());
    expect(pair.service.session.sender.peerTerms).toMatchObject({ windowItems: 16_384, frameBytes: 4 * 1024 * 1024 });
    const some = greeted(hello({ terms: Terms.fromPartial({ windowItems: 3 }) }));
    expect(some.service.session.sender.peerTerms).toMatchObject({ windowItems: 3, windowBytes: 4 * 1024 * 1024 });
  });

  it('goes on at the plain level with a service that knows no other', () => {
    const pair = new SessionPair();
    pair.connect();
    while (pair.poll(pair.client));
    pair.client.tell(1);
    const welcome = control({ $case: 'welcome', value: Welcome.fromPartial({ result: Result.PLAIN }) });
    pair.client.inbox.push({ frame: encodeEnvelope({ content: welcome }) });
    pair.deliver(pair.client);
    pair.service.inbox.length = 0;
    while (pair.poll(pair.client));
    expect(pair.client.events).toEqual(['opened']);
    for (const frame of pair.arriving(pair.service)) {
      expect(frame.seq).toBeUndefined();
      expect(frame.ack).toBeUndefined();
    }
    expect(pair.arriving(pair.service)).toHaveLength(1);
  });
});

describe('a violation at the door', () => {
  it.each([
    ['an item before the Welcome', content(100, Hello)],
    ['a second Hello', control({ $case: 'hello', value: Hello.fromPartial({}) })],
    ['a Welcome from a client', control({ $case: 'welcome', value: Welcome.fromPartial({}) })],
  ])('ends the session: %s', (_, what) => {
    const pair = new SessionPair();
    pair.accepts = false;
    pair.connect();
    pair.settle();
    pair.service.session.receive(encodeEnvelope({ seq: what.number === 100 ? 1 : 0, content: what }), pair.now);
    expect(pair.service.end).toMatchObject({ kind: 'protocol', code: Code.INVALID_ARGUMENT, origin: 'remote' });
    pair.settle();
    expect(pair.client.end).toMatchObject({ kind: 'protocol' });
  });

  it.each([
    ['a Hello', control({ $case: 'hello', value: Hello.fromPartial({}) })],
    ['a second Welcome', control({ $case: 'welcome', value: Welcome.fromPartial({ result: Result.OPENED }) })],
  ])('by the service ends the session, and it is told why: %s', (_, what) => {
    const pair = SessionPair.opened();
    pair.client.session.receive(encodeEnvelope({ content: what }), pair.now);
    expect(pair.client.end).toMatchObject({ kind: 'protocol', origin: 'remote' });
    pair.settle();
    expect(pair.service.end).toMatchObject({ kind: 'protocol', origin: 'remote' });
  });
});
