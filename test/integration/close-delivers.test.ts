import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { deferred, eventually, record } from '../support/observe.js';
import { rejectionOf } from '../support/thrown-by.js';
import { VirtualClock } from '../support/virtual-clock.js';

const noting = (session: { callback: { noted(request: { index: number }): unknown } }) => ({
  note({ index }: { index: number }) {
    session.callback.noted({ index });
  },
});

describe('close()', () => {
  it('delivers everything that was sent before it, and what that brings back', async () => {
    const { address, sessions } = await serve(noting);
    const { client, errors } = join(address);
    const seen: number[] = [];
    client.callbacks.noted$.subscribe(({ index }) => seen.push(index));
    await client.open();
    for (let index = 0; index < 5_000; index++) client.service.note({ index });
    const end = await client.close();
    expect(seen).toEqual(Array.from({ length: 5_000 }, (_, index) => index));
    expect(end).toMatchObject({ kind: 'closed', origin: 'local', code: 0 });
    expect(await sessions[0]?.closed).toMatchObject({ kind: 'closed', origin: 'remote', code: 0 });
    expect(errors).toEqual([]);
  });

  it('delivers what was sent before the session had even opened', async () => {
    const { address } = await serve(noting);
    const { client } = join(address);
    const seen = record(client.callbacks.noted$);
    client.service.note({ index: 1 });
    await client.service.note({ index: 2 });
    await expect(client.close()).resolves.toMatchObject({ kind: 'closed', origin: 'local' });
    expect(seen).toMatchObject([{ index: 1 }, { index: 2 }, 'complete']);
  });

  it('delivers what still waits for the window', async () => {
    let received = 0;
    const gate = deferred();
    const { address } = await serve(() => ({
      async note() {
        received += 1;
        if (received === 1) await gate.promise;
      },
    }));
    const { client } = join(address);
    await client.open();
    for (let index = 0; index < 17_000; index++) client.service.note({ index });
    const closed = client.close();
    gate.resolve();
    expect(await closed).toMatchObject({ kind: 'closed' });
    expect(received).toBe(17_000);
  });

  it('lets operations that run finish, answer, and call back', async () => {
    const gate = deferred();
    const { address } = await serve((session) => ({
      async ask({ question }) {
        await gate.promise;
        await session.callback.noted({ index: 1 });
        const { answer } = await session.callback.confirm({ question });
        await session.callback.noted({ index: 2 });
        return { answer };
      },
    }));
    const { client } = join(address, { handler: { confirm: ({ question }) => ({ answer: `${question}!` }) } });
    const seen = record(client.callbacks.noted$);
    const reply = client.service.ask({ question: 'now' });
    await client.open();
    const closed = client.close();
    gate.resolve();
    await expect(reply).resolves.toEqual({ answer: 'now!' });
    expect(await closed).toMatchObject({ kind: 'closed' });
    expect(seen).toMatchObject([{ index: 1 }, { index: 2 }, 'complete']);
  });

  it('lets callbacks that run at the client finish before the session is over', async () => {
    const events: string[] = [];
    const gate = deferred();
    const { address, sessions } = await serve(() => ({ reset: () => ({}) }));
    const { client } = join(address, {
      handler: {
        async confirm() {
          events.push('asked');
          await gate.promise;
          events.push('answered');
          return { answer: 'done' };
        },
      },
    });
    await client.open();
    const answer = sessions[0]?.callback.confirm();
    await eventually(() => expect(events).toEqual(['asked']));
    const closed = client.close().then(() => events.push('closed'));
    gate.resolve();
    await expect(answer).resolves.toMatchObject({ answer: 'done' });
    await closed;
    expect(events).toEqual(['asked', 'answered', 'closed']);
  });

  it('by the service delivers what both sides sent before it', async () => {
    const { address, sessions } = await serve((session) => ({
      note({ index }) {
        session.callback.noted({ index });
        if (index === 99) void session.close('that is all');
      },
    }));
    const { client, errors } = join(address);
    const seen: number[] = [];
    client.callbacks.noted$.subscribe(({ index }) => seen.push(index));
    await client.open();
    for (let index = 0; index < 100; index++) client.service.note({ index });
    expect(await client.closed).toMatchObject({ kind: 'closed', origin: 'remote', message: 'that is all' });
    expect(seen).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(await sessions[0]?.closed).toMatchObject({ kind: 'closed', origin: 'local' });
    expect(errors).toEqual([]);
  });

  it('by the service while the client idles is no fault', async () => {
    const { address, sessions } = await serve();
    const { client, errors } = join(address);
    const statuses = record(client.status$);
    await client.open();
    await sessions[0]?.close('good night');
    expect(await client.closed).toMatchObject({ kind: 'closed', origin: 'remote', message: 'good night' });
    expect(statuses).toEqual(['created', 'opening', 'opened', 'closing', 'closed', 'complete']);
    expect(errors).toEqual([]);
  });

  it('by both sides at once is one close', async () => {
    const { address, sessions } = await serve(noting);
    const { client } = join(address);
    const seen = record(client.callbacks.noted$);
    await client.open();
    client.service.note({ index: 1 });
    const [mine, theirs] = await Promise.all([client.close(), sessions[0]?.close()]);
    expect(mine).toMatchObject({ kind: 'closed' });
    expect(theirs).toMatchObject({ kind: 'closed' });
    expect(seen).toMatchObject([{ index: 1 }, 'complete']);
  });

  it('takes no new calls from the moment it is called', async () => {
    const { address } = await serve(() => ({ ...noting, echo: ({ text }: { text: string }) => ({ text }) }));
    const { client } = join(address);
    await client.open();
    const closed = client.close();
    expect(await rejectionOf(client.service.echo())).toMatchObject({ kind: 'closed', executed: 'no' });
    expect(await rejectionOf(client.service.note())).toMatchObject({ kind: 'closed', executed: 'no' });
    await closed;
  });

  it('cuts the session when the other side does not finish in time, and says so', async () => {
    const clock = new VirtualClock();
    const { address } = await serve(() => ({ note: () => new Promise(() => {}) }));
    const { client, errors } = join(address, { clock, closeTimeoutMs: 3_000 });
    await client.service.note();
    await client.open();
    const closed = client.close();
    await eventually(() => expect(client.status).toBe('closing'));
    await clock.advance(3_000);
    expect(await closed).toMatchObject({ kind: 'timeout', origin: 'local' });
    expect(client.status).toBe('faulted');
    expect(errors).toMatchObject([{ error: { kind: 'timeout' } }]);
  });
});
