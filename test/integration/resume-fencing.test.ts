import { describe, expect, it, vi } from 'vitest';
import { Reason, Result, type Welcome } from '../../src/gen/duplex/v1/session.js';
import { type Content, content, control } from '../support/envelope.js';
import { serve } from '../support/everything.js';
import { NoteRequest } from '../support/gen/testing/v1/everything.js';
import { RawStream } from '../support/raw-stream.js';

const NOTE = 100;
const note = (index: number): Content => content(NOTE, NoteRequest, { index });
const ping = control({ $case: 'ping', value: { id: 9 } });
const terms = { ttlMs: 60_000 };

/** A service that remembers its notes, and a session on it in the hands of the test. */
async function living() {
  const handled: number[] = [];
  const serving = await serve(() => ({ note: ({ index }) => void handled.push(index) }));
  const stream = new RawStream(serving.address);
  const welcome = await stream.greet({ terms, openNonce: Buffer.from('a nonce of ours.') });
  stream.send({}); // confirms the token
  return { ...serving, handled, stream, welcome };
}

/** Says a Hello for a session on a stream of its own. */
async function resume(
  address: string,
  { sessionId, token, epoch }: Welcome,
  said: Parameters<RawStream['greet']>[0] = {},
): Promise<{ readonly stream: RawStream; readonly welcome: Welcome }> {
  const stream = new RawStream(address);
  const marks = { received: 0, first: 1, last: 0 };
  const welcome = await stream.greet({ terms, sessionId, token, epoch, attempt: 2, marks, ...said });
  return { stream, welcome };
}

/** Shows that the session goes on over this stream. */
async function expectAlive(stream: RawStream): Promise<void> {
  const before = stream.controls.length;
  stream.send({ content: ping });
  await vi.waitFor(() => expect(stream.controls.slice(before)).toContainEqual({ $case: 'pong', value: { id: 9 } }));
}

describe('a session that goes on over another stream', () => {
  it('ignores what its old stream still sends', async () => {
    const { address, handled, stream, welcome } = await living();
    stream.send({ seq: 1, content: note(1) });
    await vi.waitFor(() => expect(handled).toEqual([1]));
    const next = await resume(address, welcome, { marks: { received: 0, first: 2, last: 1 } });
    expect(next.welcome).toMatchObject({ result: Result.RESUMED, epoch: 2, marks: { received: 1 } });
    stream.send({ seq: 2, content: note(-2) });
    next.stream.send({ seq: 2, content: note(2) });
    await vi.waitFor(() => expect(handled).toEqual([1, 2]));
    await stream.status;
    await expectAlive(next.stream);
  });

  it('runs what it accepted before only once, though the new stream brings it again', async () => {
    const { address, handled, stream, welcome } = await living();
    stream.send({ seq: 1, content: note(1), more: [{ content: note(2) }] });
    await vi.waitFor(() => expect(handled).toEqual([1, 2]));
    const next = await resume(address, welcome, { marks: { received: 0, first: 1, last: 3 } });
    next.stream.send({ seq: 1, content: note(1), more: [{ content: note(2) }, { content: note(3) }] });
    await vi.waitFor(() => expect(handled).toEqual([1, 2, 3]));
    await expectAlive(next.stream);
  });

  it('takes the token that it gave last, and the one before until the client shows that it has the new one', async () => {
    const { address, welcome } = await living();
    const second = await resume(address, welcome);
    // The second Welcome was lost on its way: the client still has the first token.
    const third = await resume(address, welcome, { attempt: 3 });
    expect(third.welcome.result).toBe(Result.RESUMED);
    await expectAlive(third.stream);
    for (const stale of [welcome, second.welcome]) {
      const late = await resume(address, stale, { attempt: 4 });
      expect(late.welcome).toMatchObject({ result: Result.REJECTED, reason: Reason.UNKNOWN_SESSION });
    }
    await expectAlive(third.stream);
  });
});

describe('a Hello that does not belong to the living stream', () => {
  it('is refused without harm to it when it is an old one', async () => {
    const { address, handled, stream, welcome } = await living();
    const delayed = await resume(address, welcome, { attempt: 1 });
    expect(delayed.welcome).toMatchObject({ result: Result.REJECTED, reason: Reason.SUPERSEDED });
    stream.send({ seq: 1, content: note(1) });
    await vi.waitFor(() => expect(handled).toEqual([1]));
    await expectAlive(stream);
  });

  it('is refused without harm to it when its token is wrong', async () => {
    const { address, stream, welcome } = await living();
    const token = new Uint8Array(32).fill(7);
    const stranger = await resume(address, { ...welcome, token });
    expect(stranger.welcome).toMatchObject({ result: Result.REJECTED, reason: Reason.UNKNOWN_SESSION });
    await expectAlive(stream);
  });

  it('learns nothing about which sessions there are', async () => {
    const { address, welcome } = await living();
    const token = new Uint8Array(32).fill(7);
    const wrongToken = await resume(address, { ...welcome, token });
    const wrongSession = await resume(address, { ...welcome, sessionId: new Uint8Array(16) });
    expect(wrongToken.welcome).toEqual(wrongSession.welcome);
  });

  it('is refused when it claims to have received what was never sent', async () => {
    const { address, service, welcome } = await living();
    const liar = await resume(address, welcome, { marks: { received: 5, first: 1, last: 0 } });
    expect(liar.welcome).toMatchObject({ result: Result.REJECTED, reason: Reason.GAP });
    await vi.waitFor(() => expect(service.sessions.size).toBe(0));
  });
});

describe('a client whose first Welcome was lost', () => {
  it('gets the same session when it opens again, and no second one', async () => {
    const { address, service, sessions } = await serve();
    const openNonce = Buffer.from('a nonce of ours.');
    const first = await new RawStream(address).greet({ terms, openNonce });
    const again = new RawStream(address);
    const welcome = await again.greet({ terms, openNonce, attempt: 2 });
    expect(welcome.result).toBe(Result.OPENED);
    expect(welcome.sessionId).toEqual(first.sessionId);
    expect(sessions).toHaveLength(1);
    expect(service.sessions.size).toBe(1);
    await expectAlive(again);
  });
});
