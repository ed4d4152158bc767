import { describe, expect, it } from 'vitest';
import { content } from '../support/envelope.js';
import { serve } from '../support/everything.js';
import { EchoRequest, NoteRequest } from '../support/gen/testing/v1/everything.js';
import { deferred, eventually } from '../support/observe.js';
import { RawStream } from '../support/raw-stream.js';

const note = (index: number) => ({ content: content(100, NoteRequest, { index }) });

describe('half-close', () => {
  it('of a plain client lets everything that it sent run, and what that sends arrive, then ends with OK', async () => {
    const { address, sessions, errors } = await serve((session) => ({
      async note({ index }) {
        await new Promise((resolve) => setImmediate(resolve));
        await session.callback.noted({ index });
      },
    }));
    const stream = new RawStream(address);
    for (let index = 0; index < 200; index++) stream.send(note(index));
    stream.halfClose();
    expect(await stream.status).toMatchObject({ code: 0 });
    expect(stream.items.filter(({ content: item }) => item?.number === 111 || item?.number !== 21)).toHaveLength(200);
    expect(await sessions[0]?.closed).toMatchObject({ kind: 'closed', origin: 'remote' });
    expect(errors).toEqual([]);
  });

  it('of a plain client waits for an answer that takes its time', async () => {
    const gate = deferred();
    const { address } = await serve(() => ({
      async echo({ text }) {
        await gate.promise;
        return { text };
      },
    }));
    const stream = new RawStream(address);
    stream.send({ callId: 1, content: content(102, EchoRequest, { text: 'slow' }) }).halfClose();
    await eventually(() => expect(stream.received).toHaveLength(1));
    gate.resolve();
    expect((await stream.status).code).toBe(0);
    expect(stream.items.at(-1)).toMatchObject({ replyTo: 1 });
  });

  it('of a plain client that still waits for the service to be made loses nothing', async () => {
    const seen: number[] = [];
    const made = deferred();
    const { address, sessions } = await serve(async () => {
      await made.promise;
      return { note: ({ index }) => void seen.push(index) };
    });
    const stream = new RawStream(address);
    stream.send(note(1), note(2)).halfClose();
    await eventually(() => expect(sessions).toHaveLength(1));
    made.resolve();
    expect((await stream.status).code).toBe(0);
    expect(seen).toEqual([1, 2]);
  });

  it('of a plain client that only listened ends with OK', async () => {
    const { address } = await serve();
    const stream = new RawStream(address);
    stream.send(new Uint8Array()).halfClose();
    expect((await stream.status).code).toBe(0);
  });

  it('without a word is no session, and is told at once', async () => {
    const { address, sessions } = await serve();
    const { code } = await new RawStream(address).halfClose().status;
    expect(code).not.toBe(0);
    expect(sessions).toEqual([]);
  });

  it('of a session without a Goodbye is a lost connection, not an end in order', async () => {
    const { address, sessions } = await serve(() => ({}), { resumeWindowMs: 0 });
    const stream = new RawStream(address);
    await stream.greet();
    stream.halfClose();
    expect(await sessions[0]?.closed).toMatchObject({ kind: 'lost', origin: 'remote' });
  });
});
