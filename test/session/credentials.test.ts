import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Code, DuplexError } from '../../src/errors.js';
import { Reason } from '../../src/gen/duplex/v1/session.js';
import { endOf } from '../../src/session/session-end.js';
import { controlOf } from '../support/envelope.js';
import { SessionPair } from '../support/session-pair.js';

const lasting = { ttlMs: 120_000 };
const options = { client: { showsCredentials: true }, clientTerms: lasting, serviceTerms: lasting };
const shows = (which: number) => ({ scheme: 'test', value: Uint8Array.of(which) });

/** The names of the controls on their way to a side. */
function said(pair: SessionPair, to: 'client' | 'service'): (string | undefined)[] {
  return pair.arriving(pair[to]).map((envelope) => controlOf(envelope)?.$case);
}

function opened(): SessionPair {
  const pair = new SessionPair(options);
  pair.connect();
  pair.client.session.controls.show(shows(1));
  pair.settle();
  return pair;
}

describe('a Hello', () => {
  it('waits for the credentials that go into it, for as long as opening may take', () => {
    const pair = new SessionPair(options);
    pair.connect();
    pair.settle();
    expect(pair.client.questions).toBe(1);
    expect(pair.poll(pair.client)).toBe(false);
    pair.client.session.controls.show(shows(7));
    expect(pair.poll(pair.client)).toBe(true);
    const [hello] = pair.arriving(pair.service).map(controlOf);
    expect(hello?.$case === 'hello' && hello.value.credentials).toMatchObject({ scheme: 'test' });

    const late = new SessionPair(options);
    late.connect();
    late.advance(10_000);
    expect(late.client.end).toMatchObject({
      ...{ kind: 'timeout', message: 'no session within 10000 ms: sessionCredentials has not answered' },
    });
  });

  it('is never said twice, nor on a carrier that was not there when the question was asked', () => {
    const pair = opened();
    pair.cut();
    pair.client.session.controls.show(shows(2));
    pair.settle();
    expect(pair.client.session.state).toBe('resuming');
    pair.connect();
    expect(pair.client.questions).toBe(2);
    pair.client.session.controls.show(shows(3));
    pair.settle();
    expect(pair.client.session.state).toBe('open');
    expect(pair.service.shown).toEqual([]);
  });
});

describe('a service that wants fresh credentials', () => {
  it('asks its client, whose answer comes beside what goes on', () => {
    const pair = opened();
    pair.service.session.controls.wantCredentials(60_000);
    pair.client.tell(1);
    pair.service.tell(1);
    pair.settle();
    expect(pair.client.questions).toBe(2);
    pair.client.tell(2);
    pair.client.session.controls.show(shows(2));
    pair.settle();
    expect(pair.service.shown).toEqual([2]);
    expect(pair.service.told).toEqual([1, 2]);
  });

  it('is not waited for by items, and does not fill the memory of who never reads: of several questions the last waits', () => {
    const pair = opened();
    pair.service.writing = true;
    for (let times = 0; times < 1_000; times++) pair.service.session.controls.wantCredentials(times);
    pair.service.tell(1);
    pair.service.writing = false;
    while (pair.poll(pair.service));
    expect(said(pair, 'client')).toEqual(['credentialsWanted', undefined]);
    pair.settle();
    expect(pair.client.questions).toBe(2);
  });

  it('has no answer on a carrier that broke: the Hello on the next one is the answer', () => {
    const pair = opened();
    pair.service.session.controls.wantCredentials(60_000);
    pair.settle();
    pair.cut();
    pair.connect();
    pair.client.session.controls.show(shows(4));
    pair.settle();
    expect(pair.sides.map(({ session }) => session.state)).toEqual(['open', 'open']);
    expect(pair.service.shown).toEqual([]);
  });

  it('ends the session for bad ones, typed on both sides', () => {
    const pair = opened();
    const error = new DuplexError('refused', 'they are bad', { code: Code.UNAUTHENTICATED });
    pair.service.session.abort(endOf(error), Reason.CREDENTIALS);
    pair.settle();
    expect(pair.service.end).toMatchObject({ kind: 'refused', origin: 'local', code: Code.UNAUTHENTICATED });
    expect(pair.client.end).toMatchObject({
      ...{ kind: 'refused', origin: 'remote', code: Code.UNAUTHENTICATED },
      message: 'they are bad',
    });
  });

  it('does not disturb a client without any', () => {
    const pair = SessionPair.opened();
    pair.service.session.controls.wantCredentials(60_000);
    pair.settle();
    pair.client.tell(1);
    pair.settle();
    expect(pair.service.told).toEqual([1]);
  });
});

it('questions and answers at any time, on any carrier, lose nothing and end nothing', () => {
  const what = fc.constantFrom('ask', 'answer', 'cut', 'tell', 'poll', 'deliver');
  const whose = fc.constantFrom('client' as const, 'service' as const);
  fc.assert(
    fc.property(fc.array(fc.tuple(what, whose), { maxLength: 150 }), (steps) => {
      const pair = opened();
      const sent = { client: 0, service: 0 };
      let shown = 1;
      for (const [step, side] of steps) {
        if (step === 'ask') pair.service.session.controls.wantCredentials(1_000);
        else if (step === 'answer') pair.client.session.controls.show(shows(++shown % 256));
        else if (step === 'tell') pair[side].tell(++sent[side]);
        else if (step === 'poll') pair.poll(pair[side]);
        else if (step === 'deliver') pair.deliver(pair[side]);
        else {
          pair.cut();
          pair.connect();
        }
      }
      pair.client.session.controls.show(shows(0));
      pair.settle();
      expect(pair.sides.map(({ session }) => session.state)).toEqual(['open', 'open']);
      const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
      expect(pair.service.told).toEqual(upTo(sent.client));
      expect(pair.client.told).toEqual(upTo(sent.service));
    }),
    { numRuns: 500 },
  );
});
