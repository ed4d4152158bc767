import { describe, expect, it } from 'vitest';
import { DuplexError } from '../../src/errors.js';
import { Hello, Reason } from '../../src/gen/duplex/v1/session.js';
import { control, controlOf, decodeEnvelope, encodeEnvelope } from '../support/envelope.js';
import { SessionPair, type Side, telling } from '../support/session-pair.js';

/** A Hello by which the client of an open pair would resume. */
function helloOf(init: object = {}): Hello {
  const marks = { received: 0, first: 1, last: 0 };
  return Hello.fromPartial({ sessionId: Uint8Array.of(1), token: Uint8Array.of(2, 1), attempt: 2, marks, ...init });
}

function controlsOf(pair: SessionPair, side: Side) {
  const said = [];
  for (let frame = side.session.poll(pair.now); frame !== undefined; frame = side.session.poll(pair.now)) {
    said.push(controlOf(decodeEnvelope(frame)));
  }
  return said;
}

function pingFrame(id: number): Uint8Array {
  return encodeEnvelope({ content: control({ $case: 'ping', value: { id } }) });
}

function lost(): DuplexError {
  return new DuplexError('lost', 'cut');
}

const lasting = { clientTerms: { ttlMs: 60_000 }, serviceTerms: { ttlMs: 60_000 } };

describe('a client that dials again before it was let in', () => {
  function waiting(): SessionPair {
    const pair = new SessionPair({ ...lasting, client: { retryOpen: true } });
    pair.accepts = false;
    pair.connect();
    pair.settle();
    return pair;
  }

  it('is welcomed over its new carrier, with what it sent meanwhile', () => {
    const pair = waiting();
    pair.client.tell(1);
    // Only the client hears that the carrier broke.
    pair.client.session.carrierLost(lost(), pair.now);
    pair.connect();
    pair.settle();
    expect(pair.client.session.state).toBe('opening');
    pair.service.accept();
    pair.settle();
    expect(pair.client.events).toEqual(['opened']);
    expect(pair.service.events).toEqual(['opening', 'opened', 'confirmed']);
    expect(pair.service.told).toEqual([1]);
  });

  it('is not timed: how long the application takes is its own affair', () => {
    const pair = waiting();
    pair.client.session.carrierLost(lost(), pair.now);
    pair.connect();
    pair.settle();
    expect(pair.service.session.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('does not fence itself with a Hello that is late', () => {
    const pair = waiting();
    expect(pair.service.session.resume(helloOf({ attempt: 1 }), pair.now)).toBe(false);
    pair.service.accept();
    pair.settle();
    expect(pair.client.events).toEqual(['opened']);
  });
});

describe('marks', () => {
  it('beyond what was ever sent end the session as a gap', () => {
    const pair = SessionPair.opened(lasting);
    pair.service.tell(1);
    pair.settle();
    pair.cut();
    const hello = helloOf({ marks: { received: 2, first: 1, last: 0 } });
    pair.service.session.resume(hello, pair.now);
    expect(controlsOf(pair, pair.service)).toMatchObject([{ $case: 'welcome', value: { reason: Reason.GAP } }]);
    expect(pair.service.end).toMatchObject({ kind: 'lost' });
  });

  it('below what was acknowledged end it, too', () => {
    const pair = SessionPair.opened(lasting);
    pair.service.tell(1);
    pair.settle();
    pair.advance(6_000);
    pair.cut();
    pair.service.session.resume(helloOf(), pair.now);
    expect(pair.service.end).toMatchObject({ kind: 'lost' });
  });
});

describe('a session that resumes', () => {
  it('does not take a Welcome, which acknowledges nothing, for word that nothing waits', () => {
    const pair = SessionPair.opened(lasting);
    pair.service.holds = () => true;
    for (let id = 1; id <= 3; id++) pair.client.tell(id);
    pair.settle();
    pair.advance(2_000);
    pair.cut();
    pair.advance(60_000);
    expect(pair.client.end).toMatchObject({ kind: 'lost', unknownItems: 3 });
  });

  it('lives on long after the time for which it would have been kept without a connection', () => {
    const pair = SessionPair.opened(lasting);
    pair.cut();
    pair.connect();
    pair.settle();
    pair.advance(200_000);
    expect(pair.client.session.state).toBe('open');
    expect(pair.service.session.state).toBe('open');
  });
});

describe('what was sent before the window was known', () => {
  it('does not stand in the way of an answer', () => {
    const pair = new SessionPair({ serviceTerms: { windowItems: 2 } });
    for (let id = 1; id <= 5; id++) pair.client.tell(id);
    pair.service.holds = () => true;
    pair.connect();
    pair.settle();
    expect(pair.service.told).toEqual([1, 2]);
    pair.client.session.sender.answer(telling(9, { replyTo: 7 }), pair.client.session.sender.mark);
    pair.settle();
    expect(pair.service.answers).toEqual([7]);
    for (let begun = 0; begun < 5; begun++) {
      pair.service.begin();
      pair.advance(2_000);
    }
    expect(pair.service.told).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('a session that is over', () => {
  it('is not disturbed by timers that ring late', () => {
    const pair = SessionPair.opened(lasting);
    pair.client.session.abort({ kind: 'aborted', origin: 'local', code: 0, message: 'enough' });
    const { end } = pair.client;
    pair.client.session.tick(1e9);
    pair.client.session.carrierLost(lost(), 1e9);
    pair.client.session.peerEnded(1e9);
    expect(pair.client.end).toBe(end);
    expect(pair.client.events.filter((event) => event === 'closed')).toHaveLength(1);
  });

  it('was closed in order if all was said, even if the stream never ends', () => {
    const pair = SessionPair.opened(lasting);
    pair.client.tell(1);
    pair.client.session.close(pair.now, 'done');
    pair.settle();
    const slow = SessionPair.opened(lasting);
    slow.client.tell(1);
    slow.client.session.close(slow.now, 'done');
    // The service's last word, the end of the stream, stays away.
    while (!slow.client.events.includes('half-closed')) {
      slow.poll(slow.client);
      slow.deliver(slow.service);
      if (slow.service.inbox.length === 0) slow.poll(slow.service);
      slow.deliver(slow.client);
    }
    slow.client.session.tick(slow.client.session.deadline);
    expect(slow.client.end).toMatchObject({ kind: 'closed', code: 0 });
    expect(pair.client.end).toMatchObject({ kind: 'closed', code: 0 });
  });
});

describe('a peer that asks for signs of life', () => {
  it('gets an answer with the number that it asked with', () => {
    const pair = SessionPair.opened();
    pair.advance(10_000);
    expect(pair.client.session.state).toBe('open');
    pair.service.session.receive(pingFrame(77), pair.now);
    expect(controlsOf(pair, pair.service)).toContainEqual({ $case: 'pong', value: { id: 77 } });
  });

  it('and never reads gets one answer, not one for each question', () => {
    const pair = SessionPair.opened();
    for (let id = 1; id <= 1_000; id++) pair.service.session.receive(pingFrame(id), pair.now);
    const pongs = controlsOf(pair, pair.service).filter((control) => control?.$case === 'pong');
    expect(pongs).toEqual([{ $case: 'pong', value: { id: 1_000 } }]);
  });
});
