import { describe, expect, it } from 'vitest';
import { seededRandom } from '../support/faults.js';
import { SessionPair } from '../support/session-pair.js';

const CLIENTS = 2_000;
const SEED = 11;

/** 2,000 open sessions whose service goes away at time 0. */
function cutOff(): readonly SessionPair[] {
  const random = seededRandom(SEED);
  const lasting = { ttlMs: 120_000 };
  return Array.from({ length: CLIENTS }, () => {
    const pair = SessionPair.opened({ client: { random }, clientTerms: lasting, serviceTerms: lasting });
    pair.cut();
    return pair;
  });
}

describe(`${CLIENTS} clients that lose one service (seed ${SEED})`, () => {
  it('come back spread over the whole back-off, none of whose hundredths of a second sees half again its share', () => {
    const perHundredth = new Map<number, number>();
    for (const { client } of cutOff()) {
      const slot = Math.floor(client.session.redialAt / 10);
      perHundredth.set(slot, (perHundredth.get(slot) ?? 0) + 1);
    }
    expect(perHundredth.size).toBe(10);
    expect(Math.max(...perHundredth.values())).toBeLessThan(CLIENTS * 0.15);
  });

  it('knock less and less often while it stays away, and all go on when it is back', () => {
    const pairs = cutOff();
    const attempts = new Array<number>(60).fill(0);
    for (const pair of pairs) {
      while (pair.client.session.redialAt < 60_000) {
        pair.now = pair.client.session.redialAt;
        const second = Math.floor(pair.now / 1_000);
        attempts[second] = (attempts[second] ?? 0) + 1;
        pair.connect();
        pair.cut('refused');
      }
    }
    const later = attempts.slice(30);
    // Full jitter up to ten seconds: one attempt in five seconds, on average.
    expect(Math.max(...later)).toBeLessThan(CLIENTS / 3);
    for (const pair of pairs) {
      pair.now = pair.client.session.redialAt;
      pair.connect();
      pair.settle();
      expect(pair.client.session.state).toBe('open');
    }
  });
});
