import { describe, expect, it } from 'vitest';
import { Code, DuplexError } from '../../src/errors.js';
import { Ping, Reason, Result, Welcome } from '../../src/gen/duplex/v1/session.js';
import { type Content, content, control, controlOf, type Envelope, encodeEnvelope } from '../support/envelope.js';
import { type PairOptions, SessionPair, type Side, TELL, telling } from '../support/session-pair.js';

/** The frames that a side writes now, taken from their way. */
function written(pair: SessionPair, side: Side): readonly Envelope[] {
  while (pair.poll(side));
  const frames = pair.arriving(pair.other(side));
  pair.other(side).inbox.length = 0;
  return frames;
}

/** Numbers of the items of a frame that go with its control. */
function numbersWith({ more = [] }: Envelope): readonly number[] {
  return more.map((item) => Ping.decode(item.content?.bytes ?? new Uint8Array()).id);
}

/** A pair whose client has said Hello and told these numbers meanwhile; the frame is on its way. */
function greeting(numbers: readonly number[], options: PairOptions = {}): SessionPair {
  const pair = new SessionPair(options);
  pair.connect();
  for (const id of numbers) pair.client.tell(id);
  while (pair.poll(pair.client));
  return pair;
}

/** A frame from the service. */
function say(pair: SessionPair, envelope: Envelope): void {
  pair.client.session.receive(encodeEnvelope(envelope), pair.now);
}

/** The Hello that is on its way names no features. */
function forgetFeatures(pair: SessionPair): void {
  const [hello] = pair.arriving(pair.service);
  const said = hello && controlOf(hello);
  if (said?.$case !== 'hello') throw new Error('no Hello');
  const frame = encodeEnvelope({ content: control({ ...said, value: { ...said.value, features: [] } }) });
  pair.service.inbox.splice(0, 1, { frame });
}

function welcome(init: Parameters<typeof Welcome.fromPartial>[0] = {}): Content {
  const identity = { sessionId: Uint8Array.of(1), token: Uint8Array.of(2), epoch: 1, version: 1 };
  return control({ $case: 'welcome', value: Welcome.fromPartial({ result: Result.OPENED, ...identity, ...init }) });
}

describe('the first item of a client', () => {
  it('goes with its Hello, and no other one does', () => {
    const pair = greeting([7, 8]);
    const [frame, ...others] = pair.arriving(pair.service);
    expect(frame && controlOf(frame)).toMatchObject({ $case: 'hello' });
    expect(frame).toMatchObject({ seq: 1, more: [{ content: { number: TELL } }] });
    expect(others).toEqual([]);
    pair.settle();
    expect(pair.service.told).toEqual([7, 8]);
  });

  it('waits at the service with its client, in the window', () => {
    const pair = greeting([7]);
    pair.accepts = false;
    pair.service.holds = () => true;
    pair.settle();
    expect(pair.service.session.state).toBe('opening');
    pair.service.accept();
    pair.settle();
    expect(pair.service.held).toMatchObject([{ id: 7 }]);
    expect(pair.client.session.state).toBe('open');
  });

  it.each([
    ['where opening is tried again: the second Hello may reach another process', { client: { retryOpen: true } }, 10],
    ['if it is large', {}, 20_000],
  ])('waits for the Welcome %s', (_, options, size) => {
    const pair = new SessionPair(options);
    pair.connect();
    pair.client.send(Uint8Array.from([...telling(7), ...new Uint8Array(size)].slice(0, size)));
    expect(written(pair, pair.client)).toMatchObject([{ content: { number: 16 } }]);
    expect(pair.client.session.sender.depths.unacknowledged).toBe(1);
  });

  it('goes with no Hello that resumes', () => {
    const pair = SessionPair.opened({ clientTerms: { ttlMs: 60_000 }, serviceTerms: { ttlMs: 60_000 } });
    pair.cut();
    pair.client.tell(7);
    pair.connect();
    const [frame] = pair.poll(pair.client) ? pair.arriving(pair.service) : [];
    expect(frame).not.toHaveProperty('more');
    pair.settle();
    expect(pair.service.told).toEqual([7]);
  });

  it.each([
    ['a service that knows nothing of that', {}, { seq: 1, content: { number: TELL } }],
    ['a service of the plain level', { result: Result.PLAIN }, { content: { number: TELL } }],
  ])('is sent again to %s', (_, init, again) => {
    const pair = greeting([7, 8]);
    pair.service.inbox.length = 0;
    say(pair, { content: welcome(init) });
    const items = written(pair, pair.client).filter((frame) => frame.content !== undefined);
    expect(items[0]).toMatchObject(again);
  });

  it('goes into a window that takes only one, and the others keep their order', () => {
    const pair = greeting([1, 2, 3, 4], { serviceTerms: { windowItems: 1 } });
    pair.settle();
    expect(pair.service.told).toEqual([1, 2, 3, 4]);
    expect(pair.client.session.sender.depths).toMatchObject({ waiting: 0 });
  });

  it('of a frame with more of them takes the window as well', () => {
    const pair = new SessionPair({ serviceTerms: { windowItems: 2 } });
    pair.accepts = false;
    pair.connect();
    while (pair.poll(pair.client));
    const [hello] = pair.arriving(pair.service);
    const more = [1, 2, 3].map((id) => ({ content: content(TELL, Ping, { id }) }));
    pair.service.inbox.splice(0, 1, { frame: encodeEnvelope({ ...hello, seq: 1, more }) });
    pair.service.holds = () => true;
    pair.settle();
    expect(pair.client.end).toMatchObject({
      kind: 'protocol',
      message: expect.stringContaining('overruns the window'),
    });
  });
});

describe('of an item that went with a Hello nothing is unknown', () => {
  const refusals: readonly (readonly [string, (pair: SessionPair) => void])[] = [
    [
      'a Goodbye refuses the client',
      ({ service }) => service.session.refuse(new DuplexError('refused', 'full', { code: Code.RESOURCE_EXHAUSTED })),
    ],
    [
      'a Welcome does',
      (pair) => say(pair, { content: welcome({ result: Result.REJECTED, reason: Reason.OVERLOADED }) }),
    ],
    [
      'the status of the stream does',
      (pair) =>
        pair.client.session.carrierLost(
          new DuplexError('refused', 'who are you?', { code: Code.UNAUTHENTICATED }),
          pair.now,
        ),
    ],
  ];

  it.each(refusals)('if %s', (_, refuse) => {
    const pair = greeting([7]);
    pair.accepts = false;
    pair.settle();
    refuse(pair);
    pair.settle();
    expect(pair.client.end).toMatchObject({ kind: 'refused' });
    expect(pair.client.end).not.toHaveProperty('unknownItems');
    expect(pair.client.session.sender.outbox.wasFramed(1)).toBe(false);
  });

  it('if no connection came about', () => {
    const pair = new SessionPair();
    pair.client.session.attach(pair.now, { hasReachedNobody: true });
    pair.client.tell(7);
    expect(pair.client.session.poll(pair.now)).toBeDefined();
    pair.client.session.carrierLost(new DuplexError('lost', 'ECONNREFUSED'), pair.now);
    expect(pair.client.session.sender.outbox.wasFramed(1)).toBe(false);
  });

  it('if the client ended before it had said Hello: then it does not go', () => {
    const pair = new SessionPair();
    pair.connect();
    pair.client.tell(7);
    pair.client.session.abort({ kind: 'aborted', origin: 'local', code: Code.OK, message: 'never mind' });
    expect(written(pair, pair.client).flatMap(numbersWith)).toEqual([]);
    expect(pair.client.session.sender.outbox.wasFramed(1)).toBe(false);
  });

  it('but if it ended with a status that grpc-js may have made: then it may have run', () => {
    const pair = greeting([7]);
    pair.client.session.carrierLost(new DuplexError('refused', 'reset', { code: Code.RESOURCE_EXHAUSTED }), pair.now);
    expect(pair.client.end).toMatchObject({ kind: 'refused', unknownItems: 1 });
  });

  it('but if the stream broke without a word: then it may have run', () => {
    const pair = greeting([7, 8]);
    pair.cut();
    expect(pair.client.end).toMatchObject({ kind: 'unavailable', unknownItems: 1 });
    expect([1, 2].map((seq) => pair.client.session.sender.outbox.wasFramed(seq))).toEqual([true, false]);
  });
});

describe('what a service sends while it lets a client in', () => {
  it('goes with the Welcome, in one frame, to a client that takes it there', () => {
    const pair = greeting([]);
    pair.accepts = false;
    pair.settle();
    pair.service.accept();
    for (const id of [1, 2, 3]) pair.service.tell(id);
    const frames = written(pair, pair.service);
    expect(frames).toHaveLength(1);
    expect(frames[0] && controlOf(frames[0])).toMatchObject({ $case: 'welcome' });
    expect(frames.map(numbersWith)).toEqual([[1, 2, 3]]);
    pair.client.session.receive(encodeEnvelope(frames[0] as Envelope), pair.now);
    expect(pair.client.told).toEqual([1, 2, 3]);
    expect(pair.client.events).toEqual(['opened']);
  });

  it('goes behind it to one that does not say so', () => {
    const pair = greeting([]);
    forgetFeatures(pair);
    pair.accepts = false;
    pair.settle();
    pair.service.accept();
    pair.service.tell(1);
    expect(written(pair, pair.service).map(numbersWith)).toEqual([[], []]);
  });

  it('goes with the Welcome that resumes, too: what the client missed', () => {
    const pair = SessionPair.opened({ clientTerms: { ttlMs: 60_000 }, serviceTerms: { ttlMs: 60_000 } });
    pair.cut();
    for (const id of [1, 2]) pair.service.tell(id);
    pair.connect();
    while (pair.poll(pair.client));
    pair.deliver(pair.service);
    const [frame] = written(pair, pair.service);
    expect(frame).toMatchObject({ seq: 1 });
    expect(frame && numbersWith(frame)).toEqual([1, 2]);
    pair.client.session.receive(encodeEnvelope(frame as Envelope), pair.now);
    expect(pair.client.told).toEqual([1, 2]);
  });

  it('goes behind the one that resumes to a client that does not say again that it takes it there', () => {
    const pair = SessionPair.opened({ clientTerms: { ttlMs: 60_000 }, serviceTerms: { ttlMs: 60_000 } });
    pair.cut();
    pair.service.tell(1);
    pair.connect();
    while (pair.poll(pair.client));
    forgetFeatures(pair);
    pair.deliver(pair.service);
    expect(written(pair, pair.service).map(numbersWith)).toEqual([[], []]);
  });

  it('is numbered in the frame as behind it', () => {
    const pair = greeting([]);
    pair.accepts = false;
    pair.settle();
    pair.service.accept();
    pair.service.tell(1);
    pair.settle();
    pair.service.tell(2);
    pair.settle();
    expect(pair.client.told).toEqual([1, 2]);
  });
});
