import { describe, expect, it } from 'vitest';
import { itemsOf } from '../support/envelope.js';
import { SessionPair, telling } from '../support/session-pair.js';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const lasting = { ttlMs: 120_000 };

/** A pair that may resume; frames to the service have at most `frameItems` items. */
function resumable(frameItems = 16_384): SessionPair {
  return SessionPair.opened({ clientTerms: lasting, serviceTerms: { ...lasting, frameItems } });
}

/** Lets the client write all it has, of which the service gets the first `frames` and acknowledges them. */
function arrive(pair: SessionPair, frames: number): void {
  while (pair.poll(pair.client));
  for (let i = 0; i < frames; i++) pair.deliver(pair.service);
  pair.service.tell(0);
  pair.poll(pair.service);
  pair.deliver(pair.client);
}

/** Connects again, and tells how many items the client sends before anything new. */
function replayed(pair: SessionPair): number {
  pair.connect();
  pair.poll(pair.client);
  pair.deliver(pair.service);
  pair.poll(pair.service);
  pair.deliver(pair.client);
  while (pair.poll(pair.client));
  return pair.arriving(pair.service).reduce((sum, { seq = 0, ...rest }) => {
    return seq === 0 ? sum : sum + itemsOf({ seq, ...rest }).length;
  }, 0);
}

describe('a replay', () => {
  it.each([0, 1, 500, 999, 1_000])('of 1,000 sent and %i acknowledged is exactly the rest', (acknowledged) => {
    const pair = resumable(1);
    for (const id of upTo(1_000)) pair.client.tell(id);
    arrive(pair, acknowledged);
    pair.cut();
    expect(replayed(pair)).toBe(1_000 - acknowledged);
    pair.settle();
    expect(pair.service.told).toEqual(upTo(1_000));
  });

  it('begins where the service stands, though it could not say so any more', () => {
    const pair = resumable(1);
    for (const id of upTo(1_000)) pair.client.tell(id);
    while (pair.poll(pair.client));
    for (let i = 0; i < 400; i++) pair.deliver(pair.service);
    pair.cut();
    expect(replayed(pair)).toBe(600);
  });

  it('takes an acknowledgement that comes in the middle of it: the next one is shorter', () => {
    const pair = resumable(1);
    for (const id of upTo(100)) pair.client.tell(id);
    while (pair.poll(pair.client));
    pair.cut();
    expect(replayed(pair)).toBe(100);
    // The first of them confirms the Welcome as well.
    arrive(pair, 40);
    pair.cut();
    expect(replayed(pair)).toBe(60);
    pair.settle();
    expect(pair.service.told).toEqual(upTo(100));
  });

  it('comes before what is sent during it', () => {
    const pair = resumable(1);
    for (const id of upTo(10)) pair.client.tell(id);
    while (pair.poll(pair.client));
    pair.cut();
    replayed(pair);
    pair.deliver(pair.service);
    pair.deliver(pair.service);
    for (const id of [11, 12, 13]) pair.client.tell(id);
    pair.settle();
    for (const id of [14, 15]) pair.client.tell(id);
    pair.settle();
    expect(pair.service.told).toEqual(upTo(15));
  });

  it('is needed in both directions at once', () => {
    const pair = resumable();
    for (const id of upTo(50)) for (const side of pair.sides) side.tell(id);
    for (const side of pair.sides) while (pair.poll(side));
    pair.cut();
    pair.connect();
    pair.settle();
    for (const { told } of pair.sides) expect(told).toEqual(upTo(50));
  });

  it('costs no memory after it: what is acknowledged is kept no longer, however often the connection breaks', () => {
    const pair = resumable();
    for (let flap = 1; flap <= 1_000; flap++) {
      for (const side of pair.sides) side.tell(flap);
      if (flap % 3 > 0) for (const side of pair.sides) pair.poll(side);
      if (flap % 3 === 2) pair.deliver(pair.service);
      pair.cut();
      pair.connect();
      pair.settle();
      // So that both have acknowledged.
      pair.advance(5_000);
    }
    for (const { session, told } of pair.sides) {
      expect(told).toEqual(upTo(1_000));
      const { firstKept, lastSeq, unknown } = session.sender.outbox;
      expect({ kept: lastSeq - firstKept + 1, unknown }).toEqual({ kept: 0, unknown: 0 });
    }
  });
});

describe('a replay buffer', () => {
  it('that is full waits for an acknowledgement, with a connection or without', () => {
    const pair = SessionPair.opened({ clientTerms: lasting, serviceTerms: { ...lasting, windowBytes: 1_000 } });
    pair.cut();
    const item = telling(1);
    const { sender } = pair.client.session;
    let taken = 0;
    while (sender.offerStreamItem(item, sender.mark, sender.mark)) taken += 1;
    expect(taken).toBe(Math.ceil(1_000 / item.length));
    pair.connect();
    pair.settle();
    pair.advance(1_000);
    expect(sender.offerStreamItem(item, sender.mark, sender.mark)).toBe(true);
  });
});
