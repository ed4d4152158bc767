import { describe, expect, it } from 'vitest';
import { Credentials } from '../../src/gen/duplex/v1/session.js';
import { HeldBytes } from '../../src/session/sending/held-bytes.js';
import { bareHead, ItemEncoder } from '../../src/wire/item-encoder.js';
import { controlOf } from '../support/envelope.js';
import { SessionPair, TELL, telling } from '../support/session-pair.js';

const encoder = new ItemEncoder();

/** What the service says next, and the client has not heard yet. */
function said(pair: SessionPair) {
  while (pair.poll(pair.service));
  return pair.arriving(pair.client);
}

/** An open session whose two sides owe each other nothing. */
function quiet(): SessionPair {
  const pair = SessionPair.opened();
  pair.advance(6_000);
  return pair;
}

function deliverAll(pair: SessionPair): void {
  while (pair.poll(pair.client));
  while (pair.deliver(pair.service));
}

describe('an acknowledgement', () => {
  it('rides on whatever is sent', () => {
    const pair = quiet();
    pair.client.tell(1);
    deliverAll(pair);
    pair.service.tell(2);
    expect(said(pair)).toMatchObject([{ seq: 1, ack: 1 }]);
  });

  it.each<[string, (pair: SessionPair) => void, object]>([
    ['a call', ({ client }) => client.tell(1), { seq: 1 }],
    ['a Goodbye', ({ client, now }) => client.session.close(now, 'done'), { content: { number: 16 } }],
  ])('of a Welcome rides on %s that comes in the same turn', (_, say, frame) => {
    const pair = new SessionPair();
    pair.connect();
    while (pair.poll(pair.client));
    deliverAll(pair);
    while (pair.poll(pair.service));
    while (pair.deliver(pair.client));
    say(pair);
    while (pair.poll(pair.client));
    expect(pair.arriving(pair.service)).toMatchObject([frame]);
    pair.settle();
    expect(pair.service.events).toContain('confirmed');
  });

  it.each([
    ['after five seconds, once', 64, 5_000],
    ['after one where it is of more than 64 items', 65, 1_000],
    ['after one where it is of more than 8 KiB', 9, 1_000, 1_024],
  ])('goes alone %s', (_, count, delayMs, byteLength = 10) => {
    const pair = quiet();
    const item = Credentials.fromPartial({ value: new Uint8Array(byteLength) });
    for (let id = 1; id <= count; id++) pair.client.send(encoder.encode(bareHead, TELL, Credentials, item));
    deliverAll(pair);
    expect(said(pair)).toEqual([]);
    pair.now += delayMs - 1;
    expect(said(pair)).toEqual([]);
    expect(pair.service.session.ackDeadline).toBe(pair.now + 1);
    pair.now += 1;
    expect(said(pair)).toEqual([{ ack: count }]);
    pair.now += 500;
    expect(said(pair)).toEqual([{ ack: count }]);
  });

  it('goes alone after one where it is of a sixteenth of a small window', () => {
    const pair = SessionPair.opened({ serviceTerms: { windowItems: 64 } });
    pair.advance(6_000);
    for (let id = 1; id <= 5; id++) pair.client.tell(id);
    deliverAll(pair);
    expect(pair.service.session.ackDeadline).toBe(pair.now + 1_000);
  });

  it('that has waited long enough goes with the item that makes it much', () => {
    const pair = quiet();
    for (let id = 1; id <= 64; id++) pair.client.tell(id);
    deliverAll(pair);
    pair.now += 2_000;
    expect(said(pair)).toEqual([]);
    pair.client.tell(65);
    deliverAll(pair);
    expect(said(pair)).toEqual([{ ack: 65 }]);
  });

  it('goes alone at once after a quarter of the window', () => {
    const pair = quiet();
    for (let id = 1; id < 4_096; id++) pair.client.tell(id);
    deliverAll(pair);
    expect(said(pair)).toEqual([]);
    pair.client.tell(4_096);
    deliverAll(pair);
    expect(said(pair)).toEqual([{ ack: 4_096 }]);
  });

  it('is asked for, and given, at once where all sessions hold much: no item waits a second for the one before it', () => {
    const { length } = telling(1);
    const heldBytes = new HeldBytes(4 * length, () => {});
    // Another session holds more than half of what all may.
    heldBytes.change(0, 3 * length);
    const pair = SessionPair.opened({ service: { heldBytes } });
    const { sender } = pair.service.session;
    let sent = 0;
    // Like a stream that has 20 items.
    const stream = (): void => {
      while (sent < 20 && sender.offerStreamItem(telling(sent + 1), 0, 0)) sent += 1;
    };
    pair.service.room = stream;
    stream();
    expect(sent).toBeLessThan(5);
    pair.settle();
    expect(pair.client.told).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(pair.now).toBe(0);
  });

  it('tells how many are held for their handlers, and again when those begin', () => {
    const pair = quiet();
    pair.service.holds = () => true;
    for (let id = 1; id <= 3; id++) pair.client.tell(id);
    deliverAll(pair);
    pair.now += 5_000;
    expect(said(pair)).toEqual([{ ack: 3, backlog: 3 }]);
    pair.service.begin();
    pair.now += 5_000;
    expect(said(pair).at(-1)).toEqual({ ack: 3, backlog: 2 });
  });

  it('is given at once for a ping, with the pong', () => {
    const pair = quiet();
    pair.client.tell(1);
    deliverAll(pair);
    pair.advance(11_000);
    const pings = pair.sides.map(({ session }) => session.deadline);
    expect(Math.min(...pings)).toBeGreaterThan(pair.now);
  });

  it('is repeated for what arrives a second time, and that is not dispatched again', () => {
    const pair = quiet();
    pair.client.tell(7);
    while (pair.poll(pair.client));
    const [signal] = pair.service.inbox;
    if (signal === undefined || !('frame' in signal)) throw new Error('nothing was sent');
    deliverAll(pair);
    pair.service.inbox.push({ frame: signal.frame.slice() });
    while (pair.deliver(pair.service));
    expect(pair.service.told).toEqual([7]);
    expect(said(pair)).toEqual([{ ack: 1 }]);
  });

  it('does not keep two idle sides talking', () => {
    const pair = quiet();
    for (let id = 1; id <= 10; id++) {
      pair.client.tell(id);
      pair.service.tell(id);
    }
    pair.settle();
    pair.advance(6_000);
    let frames = 0;
    for (let second = 0; second < 7; second++) {
      pair.now += 1_000;
      for (const side of pair.sides) {
        while (pair.poll(side)) frames += 1;
        while (pair.deliver(side));
      }
    }
    expect(frames).toBe(0);
    expect(pair.service.told).toHaveLength(10);
  });

  it('never goes with a number of its own', () => {
    const pair = quiet();
    pair.client.send(telling(1));
    deliverAll(pair);
    pair.now += 1_000;
    for (const frame of said(pair)) {
      expect(frame.seq).toBeUndefined();
      expect(controlOf(frame)).toBeUndefined();
    }
  });
});
