import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as pathOf } from 'node:path';
import { Code, type ConnectOptions, createChannelFactory, createHost, type Host, type NewSession } from 'grpc-duplex';
import { describe, expect, it, onTestFinished } from 'vitest';
import { join, type MakeService, partly, serve } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred, eventually, record } from '../support/observe.js';
import { proxyTo } from '../support/proxied.js';
import { rejectionOf } from '../support/thrown-by.js';
import { VirtualClock } from '../support/virtual-clock.js';

type Options = ConnectOptions<Everything.Callbacks, Everything.Operations>;

/** A process of a deployment: it notes what it is told, with its own number. */
const numbered =
  (index: number): MakeService =>
  (session) => ({
    note: ({ text }) => void session.callback.noted({ index, text }),
    echo: ({ text }) => ({ text: `${text} ${index}` }),
    finish: () => ({ counter: 1n }),
  });

/** A process whose question is answered by `old`, when the gate opens. */
function asked(others: Partial<Everything.Handler> = {}) {
  const started = deferred();
  const gate = deferred();
  const make: MakeService = () => ({
    async ask() {
      started.resolve();
      await gate.promise;
      return { answer: 'old' };
    },
    ...others,
  });
  return { make, started, gate };
}

/** Serves at an address that another process had before. */
async function succeed(address: string, make: MakeService): Promise<Host> {
  const host = createHost();
  onTestFinished(() => void host.stop());
  host.add(Everything, (session) => Promise.resolve(make(session)).then(partly));
  await host.listen(address);
  return host;
}

/** A renewing client, and what it saw. */
function renewing(address: string, options: Options = {}) {
  const sessions: NewSession<Everything.Operations>[] = [];
  const joined = join(address, { onLost: 'renew', onSession: (session) => void sessions.push(session), ...options });
  return { ...joined, sessions, statuses: record(joined.client.status$) };
}

describe('a renewing client of a service that goes away', () => {
  const addresses = [
    ['a port', () => 'localhost:0'],
    ['a unix socket', () => `unix:${pathOf(mkdtempSync(pathOf(tmpdir(), 'rolling-')), 'x.sock')}`],
  ] as const;

  it.each(addresses)('goes on with the next process at %s: its subscribers hear from both', async (_, choose) => {
    const first = createHost();
    onTestFinished(() => void first.stop());
    first.add(Everything, (session) => partly(numbered(1)(session) as Everything.Handler));
    const { address } = await first.listen(choose());
    const { client, sessions, statuses, errors } = renewing(address);
    const notes = record(client.callbacks.noted$);
    await client.service.echo();
    await client.service.note({ text: 'a' });
    await expect(first.stop('deploying')).resolves.toEqual({ closed: 1, aborted: 0 });
    const between = client.service.echo({ text: 'between' });
    client.service.note({ text: 'b' });
    await succeed(address, numbered(2));
    await expect(between).resolves.toMatchObject({ text: 'between 2' });
    await eventually(() => expect(notes).toHaveLength(2));
    expect(notes).toMatchObject([
      { index: 1, text: 'a' },
      { index: 2, text: 'b' },
    ]);
    expect(statuses).toEqual(['created', 'opening', 'opened', 'resuming', 'opened']);
    expect(sessions[1]?.previous).toEqual({
      ...{ kind: 'closed', origin: 'remote', code: Code.OK, message: 'deploying', goingAway: true },
      retryAfterMs: undefined,
    });
    expect(errors).toEqual([]);
  });

  it('gets its answers from the old process, and makes new calls in the next one', async () => {
    const { make, started, gate } = asked({ echo: () => ({ text: 'old' }) });
    const old = await serve(make);
    const { client } = renewing(old.address);
    const answer = client.service.ask();
    await started.promise;
    const stopped = old.host.stop();
    await eventually(() => expect(client.status).toBe('resuming'));
    const echo = client.service.echo({ text: 'new' });
    gate.resolve();
    await expect(answer).resolves.toEqual({ answer: 'old' });
    await stopped;
    await succeed(`localhost:${old.port}`, numbered(2));
    await expect(echo).resolves.toMatchObject({ text: 'new 2' });
  });

  it('is told again after its connection broke meanwhile', async () => {
    const { make, started, gate } = asked();
    const old = await serve(make);
    const proxy = await proxyTo(old.port);
    const { client, sessions } = renewing(proxy.address);
    const answer = client.service.ask();
    await started.promise;
    proxy.cut();
    const stopped = old.host.stop();
    proxy.restore();
    await eventually(() => expect(old.sessions[0]?.status).toBe('closing'));
    gate.resolve();
    await answer;
    await stopped;
    const next = await serve(numbered(2));
    proxy.targetPort = next.port;
    await expect(client.service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'a 2' });
    expect(sessions[1]?.previous).toMatchObject({ kind: 'closed', goingAway: true });
  });

  it('repeats what the old process has not finished in time if it may run twice, and tells of the rest', async () => {
    let begun = 0;
    const started = deferred();
    const never = (): Promise<never> => {
      if (++begun === 2) started.resolve();
      return new Promise(() => {});
    };
    const old = await serve(() => ({ echo: never, ask: never }), { concurrency: 'multiple' });
    const { client, sessions, errors } = renewing(old.address);
    const echo = client.service.echo({ text: 'a' });
    const ask = rejectionOf(client.service.ask());
    await started.promise;
    await old.host.stop('deploying', { drainMs: 50 });
    expect(await ask).toMatchObject({ kind: 'unavailable', code: Code.UNAVAILABLE, executed: 'maybe' });
    await succeed(`localhost:${old.port}`, numbered(2));
    await expect(echo).resolves.toMatchObject({ text: 'a 2' });
    expect(sessions[1]?.previous).toMatchObject({ kind: 'aborted', goingAway: true });
    expect(errors).toMatchObject([{ error: { kind: 'unavailable', code: Code.UNAVAILABLE } }]);
  });

  it('prepares anew what `onSession` could not finish in the old process', async () => {
    const old = await serve(numbered(1));
    const going = deferred();
    const prepared: string[] = [];
    const { client } = join(old.address, {
      onLost: 'renew',
      async onSession({ service, previous }) {
        if (previous === undefined) await going.promise;
        prepared.push((await service.echo({ text: 'join' })).text);
      },
    });
    const echo = client.service.echo({ text: 'a' });
    await eventually(() => expect(client.status).toBe('opened'));
    const stopped = old.host.stop();
    await eventually(() => expect(client.status).toBe('resuming'));
    going.resolve();
    await stopped;
    await succeed(`localhost:${old.port}`, numbered(2));
    await expect(echo).resolves.toMatchObject({ text: 'a 2' });
    expect(prepared).toEqual(['join 2']);
  });

  it('is faulted when no other process comes within `renewWindowMs`', async () => {
    const clock = new VirtualClock();
    const { address, host } = await serve(numbered(1));
    const { client } = renewing(address, { clock, renewWindowMs: 30_000 });
    await client.open();
    await host.stop();
    await eventually(() => expect(client.status).toBe('resuming'));
    const waiting = rejectionOf(client.service.echo());
    // The back-off before the first attempt, and the window from there on.
    await clock.advance(100);
    await clock.advance(30_001);
    expect(await client.closed).toMatchObject({ kind: 'timeout' });
    expect(await waiting).toMatchObject({ kind: 'timeout', executed: 'no' });
    expect(client.status).toBe('faulted');
  });

  it('runs what waits in the next process before it closes', async () => {
    const old = await serve(numbered(1));
    const { client, sessions } = renewing(old.address);
    await client.open();
    await old.host.stop();
    await eventually(() => expect(client.status).toBe('resuming'));
    const echo = client.service.echo({ text: 'a' });
    const closed = client.close();
    await succeed(`localhost:${old.port}`, numbered(2));
    await expect(echo).resolves.toMatchObject({ text: 'a 2' });
    expect(await closed).toMatchObject({ kind: 'closed', origin: 'local' });
    expect(sessions).toHaveLength(2);
  });

  it('does so with many others over one connection', async () => {
    const old = await serve(numbered(1));
    const factory = createChannelFactory(Everything, {
      ...{ address: old.address, connections: 'shared', onLost: 'renew' },
    });
    onTestFinished(() => factory.abort());
    const clients = Array.from({ length: 5 }, () => factory.create());
    await Promise.all(clients.map((client) => client.open()));
    await old.host.stop();
    await succeed(`localhost:${old.port}`, numbered(2));
    for (const { service } of clients) {
      await expect(service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'a 2' });
    }
  });

  it('does not look for another process once it is closed itself', async () => {
    const { make, started, gate } = asked();
    const old = await serve(make);
    const { client, sessions } = renewing(old.address);
    const answer = client.service.ask();
    await started.promise;
    const stopped = old.host.stop('deploying');
    await eventually(() => expect(client.status).toBe('resuming'));
    const closed = client.close();
    gate.resolve();
    await answer;
    expect(await closed).toMatchObject({ kind: 'closed', goingAway: false });
    await stopped;
    expect(sessions).toHaveLength(1);
  });
});

describe('a renewing client', () => {
  it('is over when the application closed its session, even while the host stops', async () => {
    const { make, started, gate } = asked();
    const { address, host, sessions } = await serve(make);
    const { client } = renewing(address);
    const kicked = renewing(address).client;
    await kicked.open();
    await sessions[0]?.close('kicked');
    const end = await kicked.closed;
    expect(end).toMatchObject({ kind: 'closed', origin: 'remote', message: 'kicked' });
    expect(end.goingAway).toBeUndefined();
    const answer = client.service.ask();
    await started.promise;
    const stopped = host.stop();
    await eventually(() => expect(client.status).toBe('resuming'));
    void sessions[1]?.close('kicked');
    gate.resolve();
    await answer;
    await stopped;
    expect(await client.closed).toMatchObject({ kind: 'closed', goingAway: false });
  });

  it('is over when nothing was called for too long', async () => {
    const clock = new VirtualClock();
    const { address } = await serve(numbered(1), { clock, idleTimeoutMs: 1_000 });
    const { client } = renewing(address);
    await client.service.echo();
    await clock.advance(2_000);
    expect(await client.closed).toMatchObject({ kind: 'closed', origin: 'remote' });
  });

  it('is over after a terminating operation, even while the host stops', async () => {
    const started = deferred();
    const gate = deferred();
    const { address, host } = await serve(() => ({
      async finish() {
        started.resolve();
        await gate.promise;
        return { counter: 1n };
      },
    }));
    const { client } = renewing(address);
    const reply = client.service.finish();
    await started.promise;
    const stopped = host.stop();
    await eventually(() => expect(client.status).toBe('resuming'));
    gate.resolve();
    await expect(reply).resolves.toEqual({ counter: 1n });
    await stopped;
    expect(await client.closed).toMatchObject({ kind: 'closed' });
  });

  it('of the plain level cannot be told: it is closed', async () => {
    const { address, host } = await serve(numbered(1));
    const { client } = renewing(address, { level: 'plain' });
    await client.service.echo();
    await host.stop();
    expect(await client.closed).toMatchObject({ kind: 'closed', origin: 'remote' });
  });
});

describe('a client that does not renew', () => {
  it('is closed, and can tell a service that goes away from one that closed its session', async () => {
    const { address, host, sessions } = await serve(numbered(1));
    const [gone, kicked] = [join(address).client, join(address).client];
    await gone.open();
    await kicked.open();
    await sessions[1]?.close('kicked');
    await host.stop('deploying');
    expect(await gone.closed).toMatchObject({ kind: 'closed', message: 'deploying', goingAway: true });
    expect((await kicked.closed).goingAway).toBeUndefined();
    expect(gone.status).toBe('closed');
    expect(await rejectionOf(gone.service.echo())).toMatchObject({ kind: 'unavailable', executed: 'no' });
  });
});
