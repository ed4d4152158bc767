import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionPair, type Side } from '../support/session-pair.js';

const step = fc.record({
  what: fc.constantFrom(
    'tell',
    'tell',
    'tell',
    'poll',
    'poll',
    'deliver',
    'deliver',
    'begin',
    'state',
    'wait',
    'hold',
    'free',
  ),
  whose: fc.constantFrom('client' as const, 'service' as const),
  count: fc.integer({ min: 1, max: 12 }),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const terms = fc.record({
  windowItems: fc.integer({ min: 1, max: 40 }),
  frameItems: fc.integer({ min: 1, max: 9 }),
  frameBytes: fc.integer({ min: 40, max: 400 }),
  ttlMs: fc.constant(60_000),
});

/** Plays the steps, and keeps the numbers that each side told. */
class Play {
  readonly pair: SessionPair;
  readonly sent = { client: [] as number[], service: [] as number[] };
  #next = 0;

  constructor(pair: SessionPair) {
    this.pair = pair;
  }

  do({ what, whose, count }: Step): void {
    const side = this.pair[whose];
    for (let time = 0; time < count; time++) {
      if (what === 'tell') this.#tell(whose, side);
      else if (what === 'poll') this.pair.poll(side);
      else if (what === 'deliver') this.pair.deliver(side);
      else if (what === 'begin') side.begin();
      else if (what === 'wait') this.#wait();
      else side.holds = () => what === 'hold';
    }
  }

  /** Everything that is held begins, until nothing moves any more. */
  finish(): void {
    for (let rounds = 0; rounds < 10_000; rounds++) {
      this.pair.settle();
      for (const side of this.pair.sides) {
        side.holds = () => false;
        while (side.held.length > 0) side.begin();
      }
      const { client, service } = this.pair;
      if (client.end !== undefined && service.end !== undefined) return;
      if (this.complete()) return;
      this.pair.advance(1_000);
    }
    throw new Error('never finished');
  }

  complete(): boolean {
    return (
      this.pair.service.told.length === this.sent.client.length &&
      this.pair.client.told.length === this.sent.service.length
    );
  }

  #tell(whose: 'client' | 'service', side: Side): void {
    if (this.sent[whose].length - (side === this.pair.client ? this.pair.service : this.pair.client).told.length > 900)
      return;
    this.#next += 1;
    side.tell(this.#next);
    this.sent[whose].push(this.#next);
  }

  #wait(): void {
    this.pair.now += 100;
    for (const { session } of this.pair.sides) if (session.deadline <= this.pair.now) session.tick(this.pair.now);
  }
}

function expectExactlyOnce({ pair, sent }: Play): void {
  expect(pair.service.told).toEqual(sent.client);
  expect(pair.client.told).toEqual(sent.service);
  expect(pair.sides.flatMap(({ failures }) => failures)).toEqual([]);
}

describe('everything that either side sends', () => {
  it('arrives once and in order, however it is framed, delayed, held and begun', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), terms, terms, (steps, clientTerms, serviceTerms) => {
        const play = new Play(SessionPair.opened({ clientTerms, serviceTerms }));
        for (const next of steps) play.do(next);
        play.finish();
        expectExactlyOnce(play);
        expect(play.pair.sides.map(({ session }) => session.state)).toEqual(['open', 'open']);
      }),
      { numRuns: 300 },
    );
  });

  it('arrives once and in order before the session is closed, whoever closes it and when', () => {
    const closer = fc.constantFrom('client', 'service', 'both');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), closer, terms, terms, (steps, who, clientTerms, serviceTerms) => {
        const close = { closeTimeoutMs: 10 ** 9 };
        const play = new Play(SessionPair.opened({ client: close, service: close, clientTerms, serviceTerms }));
        for (const next of steps) play.do(next);
        if (who !== 'service') play.pair.client.session.close(play.pair.now, 'enough');
        if (who !== 'client') play.pair.service.session.close(play.pair.now, 'enough');
        // Nobody starts anything after that, but what is under way goes on in any order.
        for (const next of steps) if (next.what !== 'tell') play.do(next);
        play.finish();
        play.pair.advance(5_000);
        expectExactlyOnce(play);
        for (const { end, session } of play.pair.sides) {
          expect(end).toMatchObject({ kind: 'closed', code: 0 });
          expect(session.state).toBe('closed');
          expect(session.deadline).toBe(Number.POSITIVE_INFINITY);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('arrives once and in order over any number of broken carriers', () => {
    const flap = fc.record({ steps: fc.array(step, { maxLength: 40 }), awayMs: fc.integer({ min: 0, max: 7_000 }) });
    fc.assert(
      fc.property(fc.array(flap, { minLength: 1, maxLength: 8 }), terms, terms, (flaps, clientTerms, serviceTerms) => {
        const pair = SessionPair.opened({ clientTerms, serviceTerms });
        const play = new Play(pair);
        for (const { steps, awayMs } of flaps) {
          for (const next of steps) play.do(next);
          pair.cut();
          pair.now += awayMs;
          for (const { session } of pair.sides) if (session.deadline <= pair.now) session.tick(pair.now);
          pair.connect();
        }
        play.finish();
        expectExactlyOnce(play);
        expect(pair.sides.map(({ session }) => session.state)).toEqual(['open', 'open']);
      }),
      { numRuns: 300 },
    );
  });
});
