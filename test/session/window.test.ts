import { describe, expect, it } from 'vitest';
import { Code } from '../../src/errors.js';
import { CallFault } from '../../src/gen/duplex/v1/session.js';
import { orderlyEnd } from '../../src/session/session-end.js';
import { bareHead, ItemEncoder } from '../../src/wire/item-encoder.js';
import { encodeEnvelope } from '../support/envelope.js';
import { SessionPair, telling } from '../support/session-pair.js';
import { thrownBy } from '../support/thrown-by.js';

const WINDOW_ITEMS = 16_384;
const MIB = 1024 * 1024;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const encoder = new ItemEncoder();
/** An item of `size` bytes: the receiver sees its number, and bytes that it does not know. */
function large(id: number, size: number): Uint8Array {
  const item = encoder.encode(bareHead, 100, CallFault, { code: id, message: 'x'.repeat(size - 14) });
  expect(Math.abs(item.length - size)).toBeLessThan(10);
  return item;
}

/** A frame of one item that starts something. */
function numbered(seq: number): Uint8Array {
  return Uint8Array.from([...encodeEnvelope({ seq }), ...telling(seq)]);
}

describe('the window', () => {
  it('takes 16,384 items that the peer has not dispatched, and then no more', () => {
    const pair = SessionPair.opened();
    pair.service.holds = () => true;
    const { sender } = pair.client.session;
    for (const id of upTo(WINDOW_ITEMS)) expect(sender.offer(telling(id))).toBe(true);
    expect(sender.offer(telling(0))).toBe(false);
    pair.settle();
    pair.advance(5_000);
    // They are held, so the peer has them; but none is dispatched.
    expect(pair.service.told).toHaveLength(WINDOW_ITEMS);
    expect(sender.offer(telling(0))).toBe(false);
  });

  it('opens again as the peer begins what it holds', () => {
    const pair = SessionPair.opened();
    pair.service.holds = () => true;
    for (const id of upTo(WINDOW_ITEMS + 500)) pair.client.tell(id);
    pair.settle();
    expect(pair.client.admitted).toBe(0);
    for (let begun = 0; begun < 300; begun++) pair.service.begin();
    pair.advance(1_000);
    expect(pair.client.admitted).toBe(300);
    while (pair.service.held.length > 0) {
      pair.service.begin();
      pair.settle();
    }
    pair.advance(1_000);
    while (pair.service.held.length > 0) pair.service.begin();
    expect(pair.service.told).toEqual(upTo(WINDOW_ITEMS + 500));
  });

  it('takes 4 MiB that the peer has not dispatched, and then no more', () => {
    const pair = SessionPair.opened();
    const { sender } = pair.client.session;
    for (let count = 0; count < 4; count++) expect(sender.offer(large(count, MIB - 100))).toBe(true);
    expect(sender.offer(large(4, 1_000))).toBe(false);
  });

  it('opens at once when a quarter of its bytes is dispatched, not a second later', () => {
    const pair = SessionPair.opened();
    pair.service.holds = () => true;
    for (let count = 0; count < 8; count++) pair.client.send(large(count, MIB - 100));
    pair.settle();
    expect(pair.service.told).toHaveLength(4);
    for (let round = 1; round <= 2; round++) {
      pair.service.begin();
      pair.service.begin();
      pair.settle();
      expect(pair.service.told).toHaveLength(4 + 2 * round);
    }
    expect(pair.now).toBe(0);
  });

  it('that is empty takes one item, however large', () => {
    const pair = SessionPair.opened({ serviceTerms: { windowBytes: 100, windowItems: 1 } });
    const { sender } = pair.client.session;
    expect(sender.offer(large(1, 5_000))).toBe(true);
    expect(sender.offer(telling(2))).toBe(false);
    pair.settle();
    expect(pair.service.told).toHaveLength(1);
  });

  it("is the peer's: what it says in its terms is obeyed", () => {
    const pair = SessionPair.opened({ serviceTerms: { windowItems: 10 } });
    pair.service.holds = () => true;
    for (const id of upTo(25)) pair.client.tell(id);
    pair.settle();
    expect(pair.service.told).toEqual(upTo(10));
    expect(pair.service.end).toBeUndefined();
  });

  it('is obeyed by what was sent before the peer had said how large it is', () => {
    const pair = new SessionPair({ serviceTerms: { windowItems: 10 } });
    pair.service.holds = () => true;
    pair.connect();
    for (const id of upTo(25)) pair.client.tell(id);
    pair.settle();
    expect(pair.service.end).toBeUndefined();
    expect(pair.service.told).toEqual(upTo(10));
    while (pair.service.held.length > 0) {
      pair.service.begin();
      pair.settle();
    }
    expect(pair.service.told).toEqual(upTo(25));
  });

  it('that turns out to be small holds up no stream whose call it takes, and no item of one overtakes its call', () => {
    const pair = new SessionPair({ serviceTerms: { windowItems: 2 } });
    pair.service.holds = (id) => id < 10;
    const { sender } = pair.client.session;
    /** A call, and what belongs to it: sent, if it need not wait for the call. */
    const call = (callId: number) => {
      const since = sender.mark;
      pair.client.send(telling(callId, { callId }));
      const until = sender.mark;
      return (id: number) => sender.offerStreamItem(telling(id, { callId }), since, until);
    };
    const [first, second, third] = [call(1), call(2), call(3)];
    expect([first(10), third(30), second(20), first(11)]).toEqual([true, true, true, true]);
    pair.connect();
    pair.settle();
    // The peer holds two calls. What belongs to them has come, and more of it does.
    expect(pair.service.told).toEqual([1, 2, 10, 20, 11]);
    expect([third(31), second(21)]).toEqual([false, true]);
    pair.settle();
    expect(pair.service.told).toEqual([1, 2, 10, 20, 11, 21]);
    pair.service.begin();
    pair.advance(1_000);
    expect(third(31)).toBe(true);
    pair.settle();
    expect(pair.service.told).toEqual([1, 2, 10, 20, 11, 21, 3, 30, 31]);
  });

  it('does not gate answers', () => {
    const pair = SessionPair.opened({ serviceTerms: { windowItems: 1 } });
    pair.service.holds = () => true;
    pair.client.tell(1);
    const { sender } = pair.client.session;
    for (let callId = 1; callId <= 50; callId++) sender.answer(telling(0, { replyTo: callId }), sender.mark);
    pair.settle();
    expect(pair.service.answers).toEqual(upTo(51).slice(1));
  });

  it('is not opened by answers that pass what the peer still holds', () => {
    const pair = SessionPair.opened({ serviceTerms: { windowItems: 10 } });
    pair.service.holds = () => true;
    for (const id of upTo(100)) pair.client.tell(id);
    const { sender } = pair.client.session;
    for (let callId = 1; callId <= 50; callId++) {
      sender.answer(telling(0, { replyTo: callId }), sender.mark);
      pair.settle();
      pair.advance(1_000);
    }
    expect(pair.service.answers).toHaveLength(50);
    expect(pair.service.end).toBeUndefined();
    expect(pair.service.told).toEqual(upTo(10));
    while (pair.service.held.length > 0) {
      pair.service.begin();
      pair.advance(1_000);
    }
    expect(pair.service.told).toEqual(upTo(100));
  });

  it('that a peer overruns ends the session', () => {
    const pair = SessionPair.opened({ serviceTerms: { windowItems: 5 } });
    pair.service.holds = () => true;
    for (let seq = 1; seq <= 5; seq++) pair.service.session.receive(numbered(seq), pair.now);
    expect(pair.service.end).toBeUndefined();
    pair.service.session.receive(numbered(6), pair.now);
    expect(pair.service.end).toMatchObject({ kind: 'protocol', code: Code.INVALID_ARGUMENT, origin: 'remote' });
  });
});

describe('the line of calls that wait for the window', () => {
  const full = (): SessionPair => {
    const pair = SessionPair.opened();
    pair.service.holds = () => true;
    for (const id of upTo(WINDOW_ITEMS)) pair.client.tell(id);
    return pair;
  };

  it('takes 1,024; the next one fails with RESOURCE_EXHAUSTED and does no harm', () => {
    const pair = full();
    for (let id = 0; id < 1_024; id++) pair.client.tell(WINDOW_ITEMS + id);
    const error = thrownBy(() => pair.client.tell(70_001));
    expect(error).toMatchObject({ kind: 'fault', code: Code.RESOURCE_EXHAUSTED, origin: 'local', executed: 'no' });
    pair.service.holds = () => false;
    while (pair.service.held.length > 0 || pair.service.told.length < WINDOW_ITEMS) {
      pair.settle();
      pair.service.begin();
    }
    pair.advance(2_000);
    expect(pair.client.admitted).toBe(1_024);
    expect(pair.service.told).toEqual(upTo(WINDOW_ITEMS + 1_024));
  });

  it('is bounded in bytes as well', () => {
    const pair = full();
    for (let count = 0; count < 4; count++) pair.client.send(large(count, MIB - 100));
    expect(thrownBy(() => pair.client.send(large(4, MIB - 100)))).toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
  });

  it('is told when the session ends: nobody waits for ever', () => {
    const pair = full();
    for (let id = 0; id < 10; id++) pair.client.tell(id);
    pair.client.session.abort(orderlyEnd('local', 'enough'));
    expect(pair.client.failures).toHaveLength(10);
    for (const error of pair.client.failures) expect(error).toMatchObject({ kind: 'closed', executed: 'no' });
  });

  it('puts an answer behind what its operation sent before it, and before nothing else', () => {
    const pair = full();
    const { sender } = pair.client.session;
    const idle = sender.mark;
    pair.client.tell(70_001);
    sender.answer(telling(0, { replyTo: 7 }), sender.mark);
    sender.answer(telling(0, { replyTo: 8 }), idle);
    pair.settle();
    // Nothing was sent since the mark of the first; the second waits for the one in line.
    expect(pair.service.answers).toEqual([7]);
    expect(pair.service.told).not.toContain(70_001);
    expect(pair.service.end).toBeUndefined();
    pair.service.begin();
    pair.advance(1_000);
    expect(pair.service.told.at(-1)).toBe(70_001);
    expect(pair.service.answers).toEqual([7, 8]);
  });

  it('holds one state at most, at the place of the newest', () => {
    const pair = full();
    const { sender } = pair.client.session;
    sender.sendState(telling(1_000_001));
    pair.client.tell(70_001);
    sender.sendState(telling(1_000_002));
    pair.client.tell(70_002);
    sender.sendState(telling(1_000_003));
    pair.settle();
    pair.service.holds = () => false;
    while (pair.service.held.length > 0) pair.service.begin();
    pair.advance(2_000);
    expect(pair.service.told.slice(WINDOW_ITEMS)).toEqual([70_001, 70_002, 1_000_003]);
  });

  it('does not hold a state when the window takes it: then every one is sent', () => {
    const pair = SessionPair.opened();
    for (const id of upTo(100)) pair.client.session.sender.sendState(telling(id));
    pair.settle();
    expect(pair.service.told).toEqual(upTo(100));
  });
});

describe('the size of a message', () => {
  it('over what the peer takes is refused before it is sent', () => {
    const pair = SessionPair.opened({ serviceTerms: { itemBytes: 1_000 } });
    const error = thrownBy(() => pair.client.send(large(1, 1_100)));
    expect(error).toMatchObject({ code: Code.RESOURCE_EXHAUSTED, executed: 'no' });
    expect(thrownBy(() => pair.client.session.sender.sendState(large(1, 1_100)))).toMatchObject({
      code: Code.RESOURCE_EXHAUSTED,
    });
    pair.client.send(large(1, 900));
    pair.settle();
    expect(pair.service.told).toHaveLength(1);
  });

  it('never makes a frame larger than the peer takes, nor one of more items', () => {
    const pair = SessionPair.opened({ serviceTerms: { frameBytes: 2_000, frameItems: 7 } });
    for (const id of upTo(50)) pair.client.tell(id);
    for (const id of upTo(50)) pair.client.send(large(id, 700));
    const sizes: number[] = [];
    for (let moved = true; moved; ) {
      moved = pair.poll(pair.client);
      for (const signal of pair.service.inbox) if ('frame' in signal) sizes.push(signal.frame.length);
      for (const frame of pair.arriving(pair.service)) expect(1 + (frame.more?.length ?? 0)).toBeLessThanOrEqual(7);
      while (pair.deliver(pair.service));
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2_000);
    expect(pair.service.told).toHaveLength(100);
  });
});
