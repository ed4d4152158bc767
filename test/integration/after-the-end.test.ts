import { Code, DuplexError, type Principal } from 'grpc-duplex';
import { defer, NEVER, retry } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { deferred, eventually, record } from '../support/observe.js';
import { rejectionOf } from '../support/thrown-by.js';
import { settle } from '../support/virtual-clock.js';

describe('a session that is over', () => {
  it('rejects calls of the client with the reason, typed, and never runs them', async () => {
    const { address } = await serve(() => ({ echo: ({ text }) => ({ text }) }));
    const { client } = join(address);
    await client.open();
    await client.close();
    for (const call of [() => client.service.echo(), () => client.service.note()]) {
      expect(await rejectionOf(call())).toMatchObject({
        kind: 'closed',
        code: Code.FAILED_PRECONDITION,
        executed: 'no',
      });
    }
  });

  it('rejects callbacks of the service with the reason, typed', async () => {
    const { address, sessions } = await serve();
    const { client } = join(address);
    await client.open();
    await client.close();
    await sessions[0]?.closed;
    expect(await rejectionOf(sessions[0]?.callback.confirm() ?? Promise.resolve())).toMatchObject({ kind: 'closed' });
    expect(await rejectionOf(sessions[0]?.callback.noted() ?? Promise.resolve())).toMatchObject({ kind: 'closed' });
  });

  it('reports one-way calls that nobody awaits, once, and nothing ends the process', async () => {
    const { address, sessions, errors: atHost } = await serve();
    const { client, errors } = join(address);
    await client.open();
    await client.close();
    await sessions[0]?.closed;
    for (let index = 0; index < 100; index++) {
      client.service.note({ index });
      sessions[0]?.callback.noted({ index });
    }
    await settle();
    await settle();
    expect(errors).toMatchObject([{ method: 'note', error: { kind: 'closed' } }]);
    expect(atHost).toMatchObject([{ method: 'noted', error: { kind: 'closed' } }]);
  });

  it('does not mind a reply that nobody awaits', async () => {
    const { address, sessions } = await serve(() => ({ echo: () => new Promise(() => {}) }));
    const { client } = join(address);
    await client.open();
    void client.service.echo();
    void sessions[0]?.callback.confirm();
    client.abort();
    void client.service.echo();
    await settle();
    void sessions[0]?.callback.confirm();
    await settle();
  });

  it('still takes a new state from the service, which nobody sees', async () => {
    const { address, sessions } = await serve();
    const { client } = join(address);
    await client.open();
    await client.close();
    await sessions[0]?.closed;
    expect(sessions[0]?.state.set({ counter: 5n })).toMatchObject({ counter: 5n });
  });

  it('may be closed, aborted and disposed of again and again', async () => {
    const { address, sessions } = await serve();
    const { client, errors } = join(address);
    await client.open();
    const ends = await Promise.all([client.close(), client.close(), client.close()]);
    expect(new Set(ends).size).toBe(1);
    client.abort();
    client.abort();
    await client[Symbol.asyncDispose]();
    expect(await client.close()).toBe(ends[0]);
    expect(await sessions[0]?.close()).toMatchObject({ kind: 'closed', origin: 'remote' });
    expect(client.status).toBe('closed');
    expect(errors).toEqual([]);
  });

  it('is closed at the end of the block that uses it', async () => {
    const { address } = await serve(() => ({ echo: ({ text }) => ({ text }) }));
    const { client } = join(address);
    {
      await using used = client;
      await used.service.echo({ text: 'a' });
    }
    expect(client.status).toBe('closed');
    expect(await client.closed).toMatchObject({ kind: 'closed', origin: 'local' });
  });

  it('that was faulted may be closed without an error', async () => {
    const { client } = join('localhost:1', { retryOpen: false });
    await rejectionOf(client.open());
    expect(client.status).toBe('faulted');
    await expect(client.close()).resolves.toMatchObject({ kind: 'unavailable' });
    client.abort();
    expect(client.status).toBe('faulted');
  });

  it('that never began is closed at once, without dialling', async () => {
    const { address, sessions } = await serve();
    const { client } = join(address);
    expect(await client.close()).toMatchObject({ kind: 'closed', origin: 'local' });
    expect(await rejectionOf(client.open())).toMatchObject({ kind: 'closed' });
    expect(client.status).toBe('closed');
    expect(sessions).toHaveLength(0);
  });

  it('completes the observables; none of them errors, however it ended', async () => {
    const { address, host } = await serve();
    for (const end of ['close', 'abort', 'host'] as const) {
      const { client } = join(address);
      const recorded = [record(client.callbacks.noted$), record(client.callback$), record(client.status$)];
      const states = record(client.state$);
      await client.open();
      if (end === 'host') await host.stop();
      else await client[end]();
      await client.closed;
      expect(recorded.map((seen) => seen.at(-1))).toEqual(['complete', 'complete', 'complete']);
      expect(states.at(-1)).toBe('complete');
    }
  });

  it('tells who subscribes to the status afterwards how it ended', async () => {
    const { address } = await serve();
    const { client } = join(address);
    await client.open();
    await client.close();
    expect(record(client.status$)).toEqual(['closed', 'complete']);
  });
});

describe('abort()', () => {
  it('ends the session at once, on both sides, with calls rejected and signals aborted', async () => {
    const started = deferred<AbortSignal>();
    const { address, sessions } = await serve(
      () => ({
        echo(_, { signal }) {
          started.resolve(signal);
          return new Promise(() => {});
        },
      }),
      { resumeWindowMs: 0 },
    );
    const { client, errors } = join(address);
    const rejection = rejectionOf(client.service.echo());
    const signal = await started.promise;
    client.abort('enough');
    expect(await client.closed).toMatchObject({ kind: 'aborted', origin: 'local', message: 'enough' });
    expect(client.status).toBe('closed');
    expect(await rejection).toMatchObject({ kind: 'closed', executed: 'maybe' });
    expect(await sessions[0]?.closed).toMatchObject({ origin: 'remote' });
    await eventually(() => expect(signal.aborted).toBe(true));
    expect(signal.reason).toBeInstanceOf(DuplexError);
    expect(errors).toEqual([]);
  });

  it('may come before, while and after the session opens', async () => {
    const { address } = await serve();
    const before = join(address).client;
    before.abort();
    const opening = join(address).client;
    const opened = rejectionOf(opening.open());
    opening.abort();
    expect((await opened).kind).toBe('closed');
    for (const client of [before, opening]) {
      expect(await client.closed).toMatchObject({ kind: 'aborted' });
      expect(client.status).toBe('closed');
    }
  });

  it('may come from within a callback, an observer of the status, or a handler', async () => {
    const { address, sessions } = await serve(
      (session) => {
        session.callback.noted({ index: 1 });
        session.callback.noted({ index: 2 });
        return {};
      },
      { authenticate: ({ headers }) => ({ id: headers.get('client') ?? 'another test, which had this port before' }) },
    );
    const fromCallback = join(address, { metadata: { client: 'from a callback' } }).client;
    const seen: unknown[] = [];
    fromCallback.callbacks.noted$.subscribe((note) => {
      seen.push(note.index);
      fromCallback.abort();
    });
    expect(await fromCallback.closed).toMatchObject({ kind: 'aborted' });
    expect(seen).toEqual([1]);
    const fromStatus = join(address, { metadata: { client: 'from the status' } }).client;
    fromStatus.status$.subscribe((status) => {
      if (status === 'opened') fromStatus.abort();
    });
    void fromStatus.open();
    expect(await fromStatus.closed).toMatchObject({ kind: 'aborted' });
    const ours = () =>
      sessions.map(({ principal }) => (principal as Principal).id).filter((id) => id.startsWith('from'));
    await eventually(() => expect(ours()).toEqual(['from a callback', 'from the status']));
  });
});

describe('a stream that is tried again and again on a client that is closed', () => {
  it.each([
    ['', {}],
    [' and would renew', { onLost: 'renew' as const }],
  ])('lets everything else run%s', async (_, options) => {
    const { address } = await serve(() => ({ count: () => NEVER }));
    const { client } = join(address, options);
    let tries = 0;
    const subscription = defer(() => {
      tries += 1;
      return client.service.count();
    })
      .pipe(retry())
      .subscribe();
    await client.open();
    client.abort();
    await eventually(() => expect(tries).toBeGreaterThan(3));
    subscription.unsubscribe();
  });
});
