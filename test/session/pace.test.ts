import { describe, expect, it } from 'vitest';
import { DuplexError } from '../../src/errors.js';
import { GATHER_BYTES } from '../../src/session/terms.js';
import { SessionPair, telling } from '../support/session-pair.js';

const WINDOW = 16_384;
/** Longer than a peer takes that is in time, in milliseconds. */
const LATE_MS = 501;

/** Sends until the session is ahead of its carrier, with a write in flight, and returns whether it still is. */
function ahead(pair: SessionPair): { readonly goesOn: boolean } {
  const { client } = pair;
  client.writing = true;
  const waits = { goesOn: false };
  for (let id = 0; !client.session.sender.outbox.isAhead; id++) client.tell(id);
  client.session.sender.pace.wait(() => {
    waits.goesOn = true;
  });
  return waits;
}

/**
 * Sends like a loop that awaits each call until that is held up or the window
 * is full, while frames leave and nothing arrives; returns how many items are
 * not acknowledged then.
 */
function sendsAhead(pair: SessionPair): number {
  const { client } = pair;
  const { outbox, pace } = client.session.sender;
  do {
    while (!outbox.isAhead && client.session.sender.offer(telling(1_000)));
    pace.wait(() => {});
  } while (pair.poll(client));
  return client.session.sender.depths.unacknowledged;
}

describe('whoever awaits what they send', () => {
  it('goes on at once as long as the next frame takes it', () => {
    const pair = SessionPair.opened();
    const { sender } = pair.client.session;
    pair.client.writing = true;
    for (let bytes = 0; bytes < GATHER_BYTES / 2; bytes += telling(1_000).length) pair.client.tell(1_000);
    let goesOn = false;
    sender.pace.wait(() => {
      goesOn = true;
    });
    expect(goesOn).toBe(true);
  });

  it('is held up while more waits to be written than that', () => {
    const pair = SessionPair.opened();
    const waits = ahead(pair);
    pair.settle();
    expect(waits.goesOn).toBe(false);
    expect(pair.client.session.sender.depths.unacknowledged).toBeLessThan(16_384);
    pair.client.writing = false;
    pair.settle();
    expect(waits.goesOn).toBe(true);
  });

  it('goes on when its own turn is near, whatever others send behind it', () => {
    const pair = SessionPair.opened();
    const waits = ahead(pair);
    const { session } = pair.client;
    for (let id = 0; id < 10_000; id++) pair.client.tell(id);
    expect(waits.goesOn).toBe(false);
    session.poll(0);
    expect(waits.goesOn).toBe(true);
    expect(session.sender.outbox.isAhead).toBe(true);
  });

  it('has no more than a quarter of the window on its way to a peer that acknowledges late, in items', () => {
    const pair = SessionPair.opened();
    sendsAhead(pair);
    pair.now += LATE_MS;
    pair.settle();
    expect(sendsAhead(pair)).toBe(WINDOW / 4 + 1);
  });

  it('and in bytes', () => {
    const pair = SessionPair.opened({ serviceTerms: { windowBytes: 160_000 } });
    sendsAhead(pair);
    pair.now += LATE_MS;
    pair.settle();
    expect(sendsAhead(pair) * telling(1_000).length).toBeLessThan(45_000);
  });

  it('goes on as soon as that has arrived, and sends far ahead again when it came in time', () => {
    const pair = SessionPair.opened();
    sendsAhead(pair);
    pair.now += LATE_MS;
    pair.settle();
    sendsAhead(pair);
    let goesOn = false;
    pair.client.session.sender.pace.wait(() => {
      goesOn = true;
    });
    expect(goesOn).toBe(false);
    pair.settle();
    expect(goesOn).toBe(true);
    expect(sendsAhead(pair)).toBe(WINDOW);
  });

  it('fills the window of a peer that holds what came, and is slow to begin it', () => {
    const pair = SessionPair.opened();
    pair.service.holds = () => true;
    sendsAhead(pair);
    pair.now += LATE_MS;
    pair.settle();
    expect(pair.client.session.sender.outbox.isAhead).toBe(false);
  });

  it('does not take a new connection for late because the old one was', () => {
    const pair = SessionPair.opened({ clientTerms: { ttlMs: 60_000 }, serviceTerms: { ttlMs: 60_000 } });
    sendsAhead(pair);
    pair.now += LATE_MS;
    pair.cut();
    pair.advance(5_000);
    pair.connect();
    pair.settle();
    expect(sendsAhead(pair)).toBe(WINDOW);
  });

  it('is held up by nothing but the window while there is no connection', () => {
    const pair = SessionPair.opened({ clientTerms: { ttlMs: 60_000 }, serviceTerms: { ttlMs: 60_000 } });
    const waits = ahead(pair);
    pair.cut();
    expect(waits.goesOn).toBe(true);
    for (let id = 0; id < 10_000; id++) pair.client.tell(id);
    expect(pair.client.session.sender.outbox.isAhead).toBe(false);
  });

  it('goes on when the session is over', () => {
    const pair = SessionPair.opened();
    const waits = ahead(pair);
    pair.client.session.abort({ kind: 'aborted', origin: 'local', code: 1, message: 'enough' });
    expect(waits.goesOn).toBe(true);
    expect(() => pair.client.tell(1)).toThrow(DuplexError);
  });

  it('is not held up before the session is open', () => {
    const pair = new SessionPair();
    for (let id = 0; id < 10_000; id++) pair.client.tell(id);
    expect(pair.client.session.sender.outbox.isAhead).toBe(false);
  });
});
