import { type Call, Code, OperationContext } from 'grpc-duplex';
import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import type { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred, eventually } from '../support/observe.js';
import { rejectionOf } from '../support/thrown-by.js';

describe('headers', () => {
  it('go with calls of every kind in both directions', async () => {
    const seen: Record<string, unknown>[] = [];
    const see = (call: Call): void => void seen.push({ [call.method]: Object.fromEntries(call.headers) });
    const { address } = await serve((session) => ({
      note: (_, call) => see(call),
      async ask(_, call) {
        see(call);
        await session.callback.noted({}, { headers: { from: 'service' } });
        return session.callback.confirm({}, { headers: { 'trace-bin': Uint8Array.of(1, 2) } });
      },
      count: (_, call) => {
        see(call);
        return [];
      },
      sum: (_, call) => {
        see(call);
        return {};
      },
    }));
    const { client } = join(address, {
      handler: {
        noted: (_, call) => see(call),
        confirm: (_, call) => {
          see(call);
          return { answer: 'ok' };
        },
      },
    });
    await client.service.note({}, { headers: { Tenant: 'acme', greeting: 'grüß dich' } });
    await client.service.ask({}, { headers: { user: 'ann' } });
    await new Promise<void>((complete) => {
      client.service.count({}, { headers: { of: 'stream' } }).subscribe({ complete });
    });
    await client.service.sum([], { headers: { of: 'requests' } });
    expect(seen).toEqual([
      { note: { tenant: 'acme', greeting: 'grüß dich' } },
      { ask: { user: 'ann' } },
      { noted: { from: 'service' } },
      { confirm: { 'trace-bin': Uint8Array.of(1, 2) } },
      { count: { of: 'stream' } },
      { sum: { of: 'requests' } },
    ]);
  });

  it.each([
    ['a name with a space', { 'a b': 'x' }, /"a b" is no name of a header/],
    ['bytes under the name of a text', { a: Uint8Array.of(1) }, /the header a is not a text/],
    ['a text under the name of bytes', { 'a-bin': 'x' }, /the header a-bin is not bytes/],
    ['too many', Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`h${index}`, ''])), /65 headers/],
    ['too much', { big: 'x'.repeat(8 * 1024) }, /more than the 64 of 8192 bytes/],
  ])('are refused before anything is sent: %s', async (_, headers, message) => {
    const { address } = await serve(() => ({ echo: ({ text }) => ({ text }) }));
    const { client } = join(address);
    const error = await rejectionOf(client.service.echo({}, { headers }));
    expect(error).toMatchObject({ code: Code.INVALID_ARGUMENT, origin: 'local', executed: 'no' });
    expect(error.message).toMatch(message);
    await expect(client.service.note({}, { headers })).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
    await expect(client.service.echo({ text: 'fine' })).resolves.toMatchObject({ text: 'fine' });
  });
});

describe('a deadline', () => {
  it('aborts the handler when the caller has given up, and the calls that it makes never wait longer', async () => {
    const asked = deferred<number>();
    const aborted = deferred<unknown>();
    const { address } = await serve((session) => ({
      async ask(_, { signal, deadline }) {
        signal.addEventListener('abort', () => aborted.resolve(signal.reason));
        asked.resolve((deadline?.getTime() ?? 0) - Date.now());
        return session.callback.confirm();
      },
    }));
    const confirming = deferred<Call>();
    const { client } = join(address, {
      handler: {
        confirm: (_, call) => {
          confirming.resolve(call);
          return new Promise(() => {});
        },
      },
    });
    expect(await rejectionOf(client.service.ask({}, { timeoutMs: 200 }))).toMatchObject({ kind: 'timeout' });
    expect(await asked.promise).toBeLessThanOrEqual(200);
    expect(await aborted.promise).toMatchObject({ origin: 'remote' });
    const nested = await confirming.promise;
    expect(nested.deadline).toBeInstanceOf(Date);
    await eventually(() => expect(nested.signal.aborted).toBe(true));
  });

  it('is not known where the caller says nothing', async () => {
    const { address } = await serve(() => ({ echo: (_, { deadline }) => ({ text: `${deadline}` }) }));
    await expect(join(address).client.service.echo()).resolves.toMatchObject({ text: 'undefined' });
  });
});

describe('the operation context', () => {
  const observe = (): string | undefined => OperationContext.current<Everything.Session>()?.method;

  it('is the call that runs, also after an await, and nothing outside', async () => {
    const seen: (string | undefined)[] = [];
    const { address } = await serve(
      (session) => {
        seen.push(observe());
        return {
          async echo({ text }) {
            seen.push(observe());
            await new Promise((resolve) => setTimeout(resolve, 5));
            seen.push(observe());
            await session.callback.noted();
            return { text };
          },
          note: () => void seen.push(observe()),
        };
      },
      { operationContext: true },
    );
    const { client } = join(address);
    await Promise.all([client.service.echo(), client.service.note(), client.service.echo()]);
    expect(seen).toEqual([undefined, 'echo', 'echo', 'note', 'echo', 'echo']);
    expect(observe()).toBeUndefined();
  });

  it('tells calls that run side by side apart', async () => {
    const { address } = await serve(
      () => ({
        async echo({ text }, call) {
          for (let i = 0; i < 5; i++) {
            await new Promise((resolve) => setTimeout(resolve, 1));
            if (OperationContext.current() !== call) return { text: 'another call' };
          }
          return { text };
        },
      }),
      { concurrency: 'multiple', operationContext: true },
    );
    const { client } = join(address);
    const texts = Array.from({ length: 50 }, (_, index) => `${index}`);
    const replies = await Promise.all(texts.map((text) => client.service.echo({ text })));
    expect(replies.map(({ text }) => text)).toEqual(texts);
  });

  it('is not there where it is turned off', async () => {
    const seen: unknown[] = [];
    const { address } = await serve(() => ({ note: () => void seen.push(observe()) }), { operationContext: false });
    await join(address).client.service.note();
    await eventually(() => expect(seen).toEqual([undefined]));
  });
});

describe('who calls', () => {
  it('is known by address; nobody has authenticated it', async () => {
    const calls: Call[] = [];
    const { address, sessions } = await serve(() => ({ note: (_, call) => void calls.push(call) }));
    await join(address).client.service.note();
    await eventually(() => expect(calls).toHaveLength(1));
    expect(calls[0]?.peer).toBe(sessions[0]?.peer);
    expect(calls[0]).toMatchObject({ principal: undefined, session: sessions[0] });
  });
});
