import { describe, expect, it } from 'vitest';
import { Goodbye, Reason } from '../../src/gen/duplex/v1/session.js';
import { controlFrame } from '../../src/wire/control.js';
import { controlOf } from '../support/envelope.js';
import { SessionPair, telling } from '../support/session-pair.js';
import { thrownBy } from '../support/thrown-by.js';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const ends = (pair: SessionPair): unknown[] => pair.sides.map(({ end }) => end && `${end.kind} ${end.origin}`);

describe('closing a session', () => {
  it.each([
    ['the client', ['closed local', 'closed remote']],
    ['the service', ['closed remote', 'closed local']],
  ] as const)('is done by %s, and both sides end in order', (who, expected) => {
    const pair = SessionPair.opened();
    const side = who === 'the client' ? pair.client : pair.service;
    side.session.close(pair.now, 'enough');
    pair.settle();
    expect(ends(pair)).toEqual(expected);
    for (const { end } of pair.sides) expect(end).toMatchObject({ code: 0, message: 'enough' });
  });

  it('may be done by both at once', () => {
    const pair = SessionPair.opened();
    for (const { session } of pair.sides) session.close(pair.now, 'enough');
    pair.settle();
    expect(ends(pair)).toEqual(['closed local', 'closed local']);
  });

  it('takes no time where an answer of the client crosses the Goodbye of the service', () => {
    const pair = SessionPair.opened();
    pair.advance(6_000);
    const begunAt = pair.now;
    pair.client.session.close(pair.now, 'enough');
    while (pair.poll(pair.client));
    while (pair.deliver(pair.service));
    while (pair.poll(pair.service));
    pair.client.session.sender.answer(telling(9, { replyTo: 3 }), 0);
    pair.settle();
    expect(ends(pair)).toEqual(['closed local', 'closed remote']);
    expect(pair.now).toBe(begunAt);
  });

  it('again changes nothing', () => {
    const pair = SessionPair.opened();
    for (const message of ['first', 'second']) pair.client.session.close(pair.now, message);
    pair.settle();
    pair.client.session.close(pair.now, 'third');
    expect(pair.client.end).toMatchObject({ message: 'first' });
    expect(pair.client.events.filter((event) => event === 'closed')).toHaveLength(1);
  });

  it.each(['client', 'service', 'both'] as const)('delivers all that both sides sent before (%s closes)', (who) => {
    const pair = SessionPair.opened();
    for (const id of upTo(1_000)) for (const side of pair.sides) side.tell(id);
    if (who !== 'service') pair.client.session.close(pair.now, 'enough');
    if (who !== 'client') pair.service.session.close(pair.now, 'enough');
    pair.settle();
    for (const { told } of pair.sides) expect(told).toEqual(upTo(1_000));
    for (const { end } of pair.sides) expect(end).toMatchObject({ kind: 'closed' });
  });

  it.each(['client', 'service'] as const)('waits for what still waits for the window (%s closes)', (who) => {
    const pair = SessionPair.opened({ serviceTerms: { windowItems: 8 }, clientTerms: { windowItems: 8 } });
    for (const side of pair.sides) side.holds = () => true;
    for (const id of upTo(100)) for (const side of pair.sides) side.tell(id);
    pair[who].session.close(pair.now, 'enough');
    pair.settle();
    expect(ends(pair)).toEqual([undefined, undefined]);
    for (let begun = 0; begun < 100; begun++) {
      for (const side of pair.sides) side.begin();
      pair.settle();
      if (pair.client.end === undefined) pair.now += 50;
    }
    pair.settle();
    for (const { told, end } of pair.sides) {
      expect(told).toEqual(upTo(100));
      expect(end).toMatchObject({ kind: 'closed' });
    }
  });

  it('waits for operations that run, and for what they send', () => {
    const pair = SessionPair.opened();
    pair.service.running = 1;
    pair.client.session.close(pair.now, 'enough');
    pair.settle();
    expect(pair.service.end).toBeUndefined();
    pair.service.tell(1);
    pair.settle();
    pair.advance(5_000);
    pair.service.tell(2);
    pair.service.running = 0;
    pair.settle();
    expect(pair.client.told).toEqual([1, 2]);
    expect(ends(pair)).toEqual(['closed local', 'closed remote']);
  });

  it('waits for callbacks that run at the client, and their answers', () => {
    const pair = SessionPair.opened();
    pair.service.awaited = 1;
    pair.client.running = 1;
    pair.client.session.close(pair.now, 'enough');
    pair.settle();
    expect(ends(pair)).toEqual([undefined, undefined]);
    pair.client.running = 0;
    const { sender } = pair.client.session;
    sender.answer(telling(0, { replyTo: 1 }), sender.mark);
    pair.settle();
    expect(pair.service.answers).toEqual([1]);
    pair.service.awaited = 0;
    pair.settle();
    expect(ends(pair)).toEqual(['closed local', 'closed remote']);
  });

  it('takes nothing from the service that comes after its promise to be done', () => {
    const pair = SessionPair.opened();
    pair.client.session.close(pair.now, 'enough');
    while (pair.service.end === undefined && pair.client.events.at(-1) !== 'half-closed') {
      for (const side of pair.sides) pair.poll(side) || pair.deliver(side);
    }
    expect(thrownBy(() => pair.service.tell(1))).toMatchObject({ kind: 'closed', executed: 'no' });
    pair.settle();
    expect(ends(pair)).toEqual(['closed local', 'closed remote']);
  });

  it('ends after its time-out when the peer does not finish', () => {
    const pair = SessionPair.opened({ client: { closeTimeoutMs: 3_000 } });
    pair.service.running = 1;
    pair.client.session.close(pair.now, 'enough');
    pair.settle();
    pair.advance(2_999);
    expect(pair.client.end).toBeUndefined();
    pair.advance(1);
    expect(pair.client.end).toMatchObject({ kind: 'timeout', origin: 'local', code: 4 });
    expect(pair.service.end).toMatchObject({ kind: 'timeout', origin: 'remote' });
  });

  it('ends in order for a client that has seen everything, even if the service’s last word never comes', () => {
    const pair = SessionPair.opened({ client: { closeTimeoutMs: 3_000 } });
    pair.client.session.close(pair.now, 'enough');
    while (!pair.client.events.includes('half-closed'))
      for (const side of pair.sides) pair.poll(side) || pair.deliver(side);
    pair.service.inbox.length = 0;
    pair.service.departed = 'unheard';
    pair.advance(3_000);
    expect(pair.client.end).toMatchObject({ kind: 'closed', origin: 'local' });
  });

  it('does not take a stream that breaks for the word of a client that has seen everything', () => {
    const ttl = { ttlMs: 120_000 };
    const pair = SessionPair.opened({ clientTerms: ttl, serviceTerms: ttl });
    for (const id of upTo(3)) pair.service.tell(id);
    pair.client.session.close(pair.now, 'enough');
    const promises = (): boolean =>
      pair.arriving(pair.client).some((envelope) => controlOf(envelope)?.$case === 'goodbye');
    while (!promises()) {
      pair.poll(pair.client);
      pair.deliver(pair.service);
      pair.poll(pair.service);
    }
    // What the service has sent is on its way when the connection breaks, which looks like an end at first.
    pair.client.inbox.length = 0;
    pair.service.session.peerEnded(pair.now);
    while (pair.poll(pair.service));
    expect(pair.service.end).toBeUndefined();
    pair.cut();
    pair.connect();
    pair.settle();
    expect(pair.client.told).toEqual(upTo(3));
    expect(ends(pair)).toEqual(['closed local', 'closed remote']);
  });

  it('before it has opened still delivers what was sent', () => {
    const pair = new SessionPair();
    pair.connect();
    for (const id of upTo(10)) pair.client.tell(id);
    pair.client.session.close(pair.now, 'enough');
    pair.settle();
    expect(pair.service.told).toEqual(upTo(10));
    expect(ends(pair)).toEqual(['closed local', 'closed remote']);
  });

  it('leaves neither side with a deadline', () => {
    const pair = SessionPair.opened();
    for (const side of pair.sides) side.tell(1);
    pair.client.session.close(pair.now, 'enough');
    pair.settle();
    for (const { session } of pair.sides) {
      expect(session.deadline).toBe(Number.POSITIVE_INFINITY);
      expect(session.redialAt).toBe(Number.POSITIVE_INFINITY);
    }
  });

  it('does not spin while the last word of the service takes its time', () => {
    const pair = SessionPair.opened();
    pair.service.tell(1);
    pair.client.session.close(pair.now, 'enough');
    while (!pair.client.events.includes('half-closed'))
      for (const side of pair.sides) pair.poll(side) || pair.deliver(side);
    // The service is heard no more: the client has at most a few things left to do.
    let ticks = 0;
    for (; pair.client.end === undefined && ticks < 50; ticks++) {
      pair.now = Math.max(pair.now, pair.client.session.deadline);
      pair.client.session.tick(pair.now);
      while (pair.client.session.poll(pair.now) !== undefined);
    }
    expect(ticks).toBeLessThan(10);
  });
});

describe('a service that goes away', () => {
  const ttl = { ttlMs: 120_000 };
  const leave = (pair: SessionPair) => pair.service.session.close(pair.now, 'deploying', Reason.DRAINING);

  it('says so, and its client knows it by the end, also across a cut', () => {
    for (const cuts of [false, true]) {
      const pair = SessionPair.opened({ clientTerms: ttl, serviceTerms: ttl });
      leave(pair);
      if (cuts) {
        pair.cut();
        pair.connect();
      }
      pair.settle();
      expect(pair.client.end).toMatchObject({ kind: 'closed', message: 'deploying', goingAway: true });
      expect(pair.service.end).toEqual({ kind: 'closed', origin: 'local', code: 0, message: 'deploying' });
    }
  });

  it.each(['client', 'service'] as const)(
    'is told by the client’s time-out, too, if that comes first (%s)',
    (first) => {
      const pair = SessionPair.opened({ [first]: { closeTimeoutMs: 3_000 } });
      pair.service.running = 1;
      leave(pair);
      pair.settle();
      pair.advance(3_000);
      expect(pair.client.end).toMatchObject({ kind: 'timeout', goingAway: true });
    },
  );

  it.each(['client', 'service'] as const)(
    'does not count where the %s’s application asks for the end as well',
    (who) => {
      const pair = SessionPair.opened();
      pair.service.running = 1;
      leave(pair);
      pair.settle();
      pair[who].session.close(pair.now, 'enough');
      leave(pair);
      pair.service.running = 0;
      pair.settle();
      expect(pair.client.end).toMatchObject({ kind: 'closed', goingAway: false });
    },
  );

  it('names the time to come back, and turns away who is not in yet: that one tries again then', () => {
    const pair = new SessionPair({ client: { retryOpen: true } });
    pair.accepts = false;
    pair.connect();
    pair.settle();
    const value = { reason: Reason.DRAINING, code: 14, message: 'deploying', retryAfterMs: 700 };
    const goodbye = { $case: 'goodbye' as const, value: Goodbye.fromPartial(value) };
    pair.client.session.receive(controlFrame(goodbye, { seq: 0, ack: 0, backlog: 0 }), pair.now);
    expect(pair.client.session.state).toBe('created');
    expect(pair.client.session.redialAt).toBe(700);
  });
});

describe('a session that is aborted', () => {
  it.each(['client', 'service'] as const)(
    'ends at once on the side that does it, and is lost or told to the other (%s)',
    (who) => {
      const pair = SessionPair.opened();
      const side = pair[who];
      side.tell(1);
      side.session.abort({ kind: 'aborted', origin: 'local', code: 0, message: 'enough' });
      expect(side.end).toMatchObject({ kind: 'aborted', message: 'enough' });
      pair.settle();
      expect(pair.other(side).end).toBeDefined();
      side.session.abort({ kind: 'aborted', origin: 'local', code: 0, message: 'again' });
      expect(side.end).toMatchObject({ message: 'enough' });
    },
  );
});
