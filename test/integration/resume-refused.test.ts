import { setTimeout as sleep } from 'node:timers/promises';
import { Code, type SessionEnd } from 'grpc-duplex';
import { describe, expect, it } from 'vitest';
import { type Joined, join, type Serving, serve } from '../support/everything.js';
import type { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred, eventually, record } from '../support/observe.js';
import { becomes, fastHeartbeats, proxyTo, upTo } from '../support/proxied.js';
import { rejectionOf } from '../support/thrown-by.js';

/** A service whose `echo` never answers. */
const deaf = (handled: number[] = []) => ({
  note({ index }: { index: number }) {
    handled.push(index);
  },
  echo: () => new Promise<never>(() => {}),
});

async function throughProxy(serving: Serving, options: Parameters<typeof join>[1] = {}): Promise<Proxied> {
  const proxy = await proxyTo(serving.port);
  return { ...join(proxy.address, options), proxy };
}

type Proxied = Joined & { readonly proxy: Awaited<ReturnType<typeof proxyTo>> };

describe('a session that the service no longer knows', () => {
  /** The service has died and another one stands in its place; the client's last 11 items were not acknowledged. */
  async function restarted(): Promise<Proxied & { readonly reply: Promise<unknown> }> {
    const handled: number[] = [];
    const dying = await throughProxy(await serve(() => deaf(handled), { concurrency: 'multiple' }));
    const { client, proxy } = dying;
    await client.open();
    proxy.blackhole({ down: true });
    const reply = client.service.echo({ text: 'lost' });
    for (const index of upTo(10)) client.service.note({ index });
    await eventually(() => expect(handled).toEqual(upTo(10)));
    const successor = await serve(() => deaf());
    proxy.targetPort = successor.port;
    proxy.cut();
    proxy.restore();
    return { ...dying, reply };
  }

  it('ends as lost at the client, which learns how many of its items are unknown', async () => {
    const { client, errors } = await restarted();
    expect(await client.closed).toMatchObject({
      kind: 'lost',
      origin: 'remote',
      code: Code.NOT_FOUND,
      unknownItems: 11,
    });
    expect(client.status).toBe('faulted');
    expect(errors.map(({ error }) => error.kind)).toEqual(['lost']);
  });

  it('rejects every pending call, which may have run', async () => {
    const { reply } = await restarted();
    expect(await rejectionOf(reply)).toMatchObject({ kind: 'lost', executed: 'maybe' });
  });

  it('rejects later calls at once, which never run', async () => {
    const { client } = await restarted();
    await client.closed;
    expect(await rejectionOf(client.service.echo({}))).toMatchObject({ kind: 'lost', executed: 'no' });
    expect(await rejectionOf(client.service.note({}))).toMatchObject({ kind: 'lost', executed: 'no' });
  });
});

describe('a connection that stays away longer than the resume window', () => {
  it('ends the session as lost on both sides, each with what it does not know', async () => {
    const serving = await serve(() => deaf(), { resumeWindowMs: 300 });
    const { client, proxy } = await throughProxy(serving);
    await client.open();
    const [session] = serving.sessions as [Everything.Session];
    const reply = client.service.echo({});
    session.callback.noted({ index: 1 });
    proxy.refuse();
    expect(await client.closed).toMatchObject({ kind: 'lost', origin: 'local', unknownItems: 1 });
    expect(await session.closed).toMatchObject({ kind: 'lost', origin: 'local' });
    expect(await rejectionOf(reply)).toMatchObject({ kind: 'lost', executed: 'maybe' });
    expect(await rejectionOf(session.callback.noted({ index: 2 }))).toMatchObject({ kind: 'lost', executed: 'no' });
    expect(serving.service.sessions.size).toBe(0);
  });

  it('is never taken for an end in order by a client that noticed nothing and comes back too late', async () => {
    const serving = await serve(() => deaf(), { ...fastHeartbeats, resumeWindowMs: 200 });
    const { client, proxy } = await throughProxy(serving);
    await client.open();
    proxy.blackhole();
    const reply = client.service.echo({ text: 'into the void' });
    const [session] = serving.sessions as [Everything.Session];
    expect(await session.closed).toMatchObject({ kind: 'lost' });
    expect(client.status).toBe('opened');
    proxy.cut();
    proxy.restore();
    expect(await client.closed).toMatchObject({ kind: 'lost', unknownItems: 1 });
    expect(await rejectionOf(reply)).toMatchObject({ kind: 'lost', executed: 'maybe' });
  });

  it('ends at once where no resume window is wanted', async () => {
    const serving = await serve(() => deaf(), { resumeWindowMs: 0 });
    const { client, proxy } = await throughProxy(serving);
    await client.open();
    const statuses = record(client.status$);
    proxy.cut();
    expect(await client.closed).toMatchObject({ kind: 'lost' });
    expect(await serving.sessions[0]?.closed).toMatchObject({ kind: 'lost' });
    expect(statuses).toEqual(['opened', 'faulted', 'complete']);
    expect(proxy.accepted).toBe(1);
  });
});

describe('a client that gives up while it reconnects', () => {
  async function reconnecting(): Promise<Proxied & { statuses: unknown[]; ends: SessionEnd[] }> {
    const away = await throughProxy(await serve(() => deaf()));
    await away.client.open();
    const ends: SessionEnd[] = [];
    void away.client.closed.then((end) => ends.push(end));
    const statuses = record(away.client.status$);
    const resuming = becomes(away.client, 'resuming');
    away.proxy.refuse();
    await resuming;
    return { ...away, statuses, ends };
  }

  it('is closed once, and dials no more', async () => {
    const { client, proxy, statuses, ends, errors } = await reconnecting();
    client.abort('enough');
    client.abort('again');
    await client.close();
    const { accepted } = proxy;
    await sleep(400);
    expect(proxy.accepted).toBe(accepted);
    expect(statuses).toEqual(['opened', 'resuming', 'closed', 'complete']);
    expect(ends).toEqual([expect.objectContaining({ kind: 'aborted', message: 'enough' })]);
    expect(errors).toEqual([]);
  });

  it('is closed once when it gives up in the middle of a handshake', async () => {
    const { client, proxy, statuses, ends } = await reconnecting();
    proxy.blackhole();
    const { accepted } = proxy;
    proxy.swallowNext(100);
    await eventually(() => expect(proxy.accepted).toBeGreaterThan(accepted));
    client.abort('enough');
    await client.closed;
    expect(statuses).toEqual(['opened', 'resuming', 'closed', 'complete']);
    expect(ends).toHaveLength(1);
  });
});

describe('close() while there is no connection', () => {
  it('delivers everything once the connection is back', async () => {
    const handled: number[] = [];
    const seen: number[] = [];
    const serving = await serve((session) => ({
      note({ index }) {
        handled.push(index);
        session.callback.noted({ index });
      },
    }));
    const { client, proxy, errors } = await throughProxy(serving);
    client.callbacks.noted$.subscribe(({ index }) => seen.push(index));
    await client.open();
    const resuming = becomes(client, 'resuming');
    proxy.refuse();
    await resuming;
    for (const index of upTo(100)) client.service.note({ index });
    const closed = client.close();
    expect(client.status).toBe('closing');
    proxy.restore();
    expect(await closed).toMatchObject({ kind: 'closed', origin: 'local' });
    expect(handled).toEqual(upTo(100));
    expect(seen).toEqual(upTo(100));
    expect(await serving.sessions[0]?.closed).toMatchObject({ kind: 'closed', origin: 'remote' });
    expect(errors).toEqual([]);
  });

  it('ends as timed out, with what is unknown, when the connection never comes back', async () => {
    const handled: number[] = [];
    const serving = await serve(() => deaf(handled));
    const { client, proxy } = await throughProxy(serving, { closeTimeoutMs: 300 });
    await client.open();
    proxy.blackhole({ down: true });
    for (const index of upTo(5)) client.service.note({ index });
    await eventually(() => expect(handled).toEqual(upTo(5)));
    proxy.refuse();
    expect(await client.close()).toMatchObject({ kind: 'timeout', origin: 'local', unknownItems: 5 });
  });

  it('closes in order from the service, too', async () => {
    const gate = deferred();
    const serving = await serve(() => ({ echo: ({ text }) => gate.promise.then(() => ({ text })) }));
    const { client, proxy } = await throughProxy(serving);
    await client.open();
    const [session] = serving.sessions as [Everything.Session];
    const seen = record(client.callbacks.noted$);
    const reply = client.service.echo({ text: 'still answered' });
    const resuming = becomes(client, 'resuming');
    proxy.refuse();
    await resuming;
    session.callback.noted({ index: 1 });
    const ended = session.close('maintenance');
    gate.resolve();
    proxy.restore();
    await expect(reply).resolves.toMatchObject({ text: 'still answered' });
    expect(await client.closed).toMatchObject({ kind: 'closed', origin: 'remote', message: 'maintenance' });
    expect(await ended).toMatchObject({ kind: 'closed', origin: 'local' });
    expect(seen).toMatchObject([{ index: 1 }, 'complete']);
  });
});
