import { describe, expect, it } from 'vitest';
import { controlOf } from '../support/envelope.js';
import { SessionPair } from '../support/session-pair.js';

/** Lets time pass at one side while nothing of it reaches the other. */
function silence(pair: SessionPair, ms: number): void {
  const end = pair.now + ms;
  const { session } = pair.client;
  while (session.deadline <= end) {
    pair.now = Math.max(pair.now, session.deadline);
    session.tick(pair.now);
    while (pair.poll(pair.client));
  }
  pair.now = end;
}

/** The pings that the client has put on their way. */
const pings = (pair: SessionPair) => pair.arriving(pair.service).filter((frame) => controlOf(frame)?.$case === 'ping');

function quiet(): SessionPair {
  const pair = SessionPair.opened();
  pair.advance(2_000);
  return pair;
}

describe('a silent peer', () => {
  it('is asked for a sign of life after 10 seconds, and taken for dead after 5 more', () => {
    const pair = SessionPair.opened();
    silence(pair, 9_999);
    expect(pings(pair)).toHaveLength(0);
    silence(pair, 1);
    expect(pings(pair)).toHaveLength(1);
    silence(pair, 4_999);
    expect(pair.client.end).toBeUndefined();
    silence(pair, 1);
    expect(pair.client.end).toMatchObject({ kind: 'lost', origin: 'local', code: 14 });
    expect(pings(pair)).toHaveLength(1);
  });

  it('is alive if it answers one ping of three', () => {
    const pair = quiet();
    for (let round = 0; round < 3; round++) {
      silence(pair, 12_000);
      while (pair.deliver(pair.service));
      while (pair.poll(pair.service));
      while (pair.deliver(pair.client));
    }
    expect(pair.client.end).toBeUndefined();
  });

  it('is alive if it sends anything at all', () => {
    const pair = SessionPair.opened();
    for (let round = 0; round < 20; round++) {
      silence(pair, 9_000);
      pair.service.tell(round);
      while (pair.poll(pair.service));
      while (pair.deliver(pair.client));
    }
    expect(pair.client.end).toBeUndefined();
    expect(pings(pair)).toEqual([]);
  });

  it('is not taken for dead because this process stood still: a fresh probe comes first', () => {
    const pair = quiet();
    silence(pair, 10_000);
    expect(pings(pair)).toHaveLength(1);
    // Stopped for a minute between the ping and the verdict.
    pair.now += 60_000;
    pair.client.session.tick(pair.now);
    while (pair.poll(pair.client));
    expect(pair.client.end).toBeUndefined();
    expect(pings(pair)).toHaveLength(2);
    pair.settle();
    silence(pair, 9_000);
    expect(pair.client.end).toBeUndefined();
  });

  it('is taken for dead all the same if it does not answer the fresh probe', () => {
    const pair = quiet();
    silence(pair, 10_000);
    pair.now += 60_000;
    silence(pair, 5_000);
    expect(pair.client.end).toMatchObject({ kind: 'lost' });
  });

  it("may have other times: they are this side's own", () => {
    const pair = SessionPair.opened({ clientTerms: { pingMs: 1_500, pingTimeoutMs: 500 } });
    silence(pair, 2_100);
    expect(pair.client.end).toMatchObject({ kind: 'lost' });
    expect(pair.service.end).toBeUndefined();
  });

  it('is noticed while the session closes, too', () => {
    const pair = SessionPair.opened({ client: { closeTimeoutMs: 100_000 } });
    pair.client.session.close(pair.now, 'bye');
    silence(pair, 16_000);
    expect(pair.client.end).toMatchObject({ kind: 'lost' });
  });

  it('is noticed by each side for itself', () => {
    const pair = quiet();
    for (let second = 0; second < 20; second++) {
      pair.now += 1_000;
      for (const side of pair.sides) {
        if (side.session.deadline <= pair.now) side.session.tick(pair.now);
        while (pair.poll(side));
        side.inbox.length = 0;
      }
    }
    expect(pair.sides.map(({ end }) => end?.kind)).toEqual(['lost', 'lost']);
  });
});

describe('two sides with nothing to say', () => {
  it('live for ever, with a ping and a pong every ten seconds', () => {
    const pair = quiet();
    pair.advance(24 * 3_600_000);
    expect(pair.sides.map(({ session }) => session.state)).toEqual(['open', 'open']);
  });
});
