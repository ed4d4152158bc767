import { Code, Fault, type NewSession, type SessionEnd } from 'grpc-duplex';
import { type TestLink, type TestLinkOptions, testLink } from 'grpc-duplex/testing';
import { firstValueFrom, NEVER, of, retry, startWith } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { join, partly, serve } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred, eventually, record } from '../support/observe.js';
import { proxyTo } from '../support/proxied.js';
import { rejectionOf } from '../support/thrown-by.js';

type Link = TestLink<Everything.Operations, Everything.Callbacks, Everything.State>;
type Options = TestLinkOptions<Everything.Operations, Everything.Callbacks, Everything.State>;
type Client = NonNullable<Options['client']>;

/** A link whose sessions last 10 s without a connection. */
const link = (handler: Partial<Everything.Handler>, client: Client): Promise<Link> =>
  testLink(Everything, () => partly(handler), { client, host: { resumeWindowMs: 10_000 } });

/** The connection is away for so long that the session is lost. */
async function lose({ clock, cut, restore, settle }: Link): Promise<void> {
  cut();
  await clock.advance(10_001);
  restore();
  await settle();
}

describe('onSession', () => {
  it('runs with each new session, before the calls that wait for it', async () => {
    const seen: string[] = [];
    const sessions: NewSession<Everything.Operations>[] = [];
    await using made = await link(
      {
        note: ({ text }) => void seen.push(text),
        echo({ text }) {
          seen.push(text);
          return { text };
        },
      },
      {
        onLost: 'renew',
        onSession(session) {
          sessions.push(session);
          session.service.note({ text: `join ${sessions.length}` });
        },
      },
    );
    const { client } = made;
    client.service.note({ text: 'a' });
    const echo = client.service.echo({ text: 'b' });
    client.service.note({ text: 'c' });
    await echo;
    await made.settle();
    expect(seen).toEqual(['join 1', 'a', 'b', 'c']);
    made.cut();
    await made.clock.advance(10_001);
    client.service.note({ text: 'd' });
    made.restore();
    await made.settle();
    expect(seen.slice(4)).toEqual(['join 2', 'd']);
    expect(sessions.map(({ previous }) => previous?.kind)).toEqual([undefined, 'lost']);
  });

  it('may take its time: the calls wait for it', async () => {
    const seen: string[] = [];
    const joined = deferred();
    await using made = await link(
      { note: ({ text }) => void seen.push(text), count: () => [{ value: 1 }] },
      {
        async onSession({ service }) {
          await joined.promise;
          await service.note({ text: 'join' });
        },
      },
    );
    made.client.service.note({ text: 'a' });
    const counted = firstValueFrom(made.client.service.count());
    const looped = made.client.service.count()[Symbol.asyncIterator]().next();
    await made.settle();
    expect(made.client.status).toBe('opened');
    expect(seen).toEqual([]);
    joined.resolve();
    await made.settle();
    expect(seen).toEqual(['join', 'a']);
    expect(await counted).toEqual({ value: 1 });
    expect(await looped).toMatchObject({ value: { value: 1 } });
  });

  it('ends the client if it fails, and every call that waits learns why', async () => {
    await using made = await link(
      { echo: () => ({}) },
      { onSession: () => Promise.reject(new Fault(Code.UNAUTHENTICATED, 'who?')) },
    );
    const { service, closed } = made.client;
    const failing = Promise.all([service.echo(), service.note(), firstValueFrom(service.count())].map(rejectionOf));
    // A stream never fails at once.
    await made.settle();
    const failures = await failing;
    for (const error of failures)
      expect(error).toMatchObject({ kind: 'refused', code: Code.UNAUTHENTICATED, executed: 'no' });
    expect(await closed).toMatchObject({ kind: 'refused', message: 'onSession failed: who?' });
  });

  it('lets calls that wait be cancelled, time out, and be too many', async () => {
    await using made = await link({}, { onSession: () => new Promise(() => {}) });
    const { service } = made.client;
    const leaving = new AbortController();
    const cancelled = rejectionOf(service.echo({}, { signal: leaving.signal }));
    const late = rejectionOf(service.echo({}, { timeoutMs: 5_000 }));
    leaving.abort();
    expect(await cancelled).toMatchObject({ kind: 'cancelled', executed: 'no' });
    await made.clock.advance(5_000);
    expect(await late).toMatchObject({
      ...{ kind: 'timeout', executed: 'no', message: 'no session for echo within 5000 ms: onSession is not done' },
    });
    for (let index = 0; index < 1_024; index++) service.note({ index });
    expect(await rejectionOf(service.note())).toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
  });

  it('is waited for by close(), and so is what waits for it', async () => {
    const seen: string[] = [];
    const joined = deferred();
    await using made = await link({ note: ({ text }) => void seen.push(text) }, { onSession: () => joined.promise });
    made.client.service.note({ text: 'a' });
    const closed = made.client.close();
    expect(await rejectionOf(made.client.service.note({ text: 'late' }))).toMatchObject({
      kind: 'closed',
      executed: 'no',
    });
    await made.settle();
    joined.resolve();
    expect(await closed).toMatchObject({ kind: 'closed' });
    expect(seen).toEqual(['a']);
  });

  it('does not keep close() for ever', async () => {
    await using made = await link({}, { onSession: () => new Promise(() => {}), closeTimeoutMs: 3_000 });
    await made.client.open();
    const closed = made.client.close();
    await made.clock.advance(3_000);
    expect(await closed).toMatchObject({ kind: 'timeout' });
  });
});

describe('a client that renews a lost session', () => {
  it('goes on in a new one: callbacks, state and status reach the same subscribers', async () => {
    await using made = await testLink(
      Everything,
      (session) =>
        partly({
          note({ index }) {
            session.callback.noted({ index });
            session.state.set({ counter: BigInt(index) });
          },
        }),
      { client: { onLost: 'renew' }, host: { resumeWindowMs: 10_000 } },
    );
    const { client } = made;
    const statuses = record(client.status$);
    const notes = record(client.callbacks.noted$);
    const states = record(client.state$);
    client.service.note({ index: 1 });
    await made.settle();
    await lose(made);
    client.service.note({ index: 2 });
    await made.settle();
    expect(statuses).toEqual(['created', 'opening', 'opened', 'resuming', 'opened']);
    expect(notes).toMatchObject([{ index: 1 }, { index: 2 }]);
    expect(states).toMatchObject([{ counter: 0n }, { counter: 1n }, { counter: 0n }, { counter: 2n }]);
    expect(made.service.sessions.size).toBe(1);
    expect(made.errors).toMatchObject([{ side: 'client', error: { kind: 'lost' } }]);
  });

  it('repeats what may run twice, and tells the others that they may have run', async () => {
    const runs: string[] = [];
    const first = deferred();
    await using made = await link(
      {
        echo: ({ text }) => (runs.push('echo') === 1 ? new Promise(() => {}) : { text }),
        divide: () => {
          runs.push('divide');
          first.resolve();
          return new Promise(() => {});
        },
      },
      { onLost: 'renew' },
    );
    const { service } = made.client;
    const echoed = service.echo({ text: 'idempotent' });
    await made.settle();
    await lose(made);
    await expect(echoed).resolves.toMatchObject({ text: 'idempotent' });
    const divided = rejectionOf(service.divide());
    await first.promise;
    await lose(made);
    expect(await divided).toMatchObject({ kind: 'lost', executed: 'maybe' });
    expect(runs).toEqual(['echo', 'echo', 'divide']);
  });

  it('lets reply streams error, so that `retry` asks again in the new session', async () => {
    let asked = 0;
    await using made = await link(
      { count: () => (++asked === 1 ? NEVER.pipe(startWith({ value: 1 })) : of({ value: asked })) },
      { onLost: 'renew' },
    );
    const seen = record(made.client.service.count().pipe(retry(3)));
    await made.settle();
    await lose(made);
    expect(seen).toEqual([{ value: 1 }, { value: 2 }, 'complete']);
  });

  it('gives up after `renewWindowMs`, and is faulted', async () => {
    await using made = await link({}, { onLost: 'renew', renewWindowMs: 30_000 });
    await made.client.open();
    made.cut();
    await made.clock.advance(10_000);
    expect(made.client.status).toBe('resuming');
    const waiting = rejectionOf(made.client.service.echo());
    await made.clock.advance(30_001);
    expect(await made.client.closed).toMatchObject({ kind: 'timeout' });
    expect(await waiting).toMatchObject({ kind: 'timeout', executed: 'no' });
  });

  it.each(['close', 'abort'] as const)('may be ended by %s() meanwhile', async (how) => {
    await using made = await link({}, { onLost: 'renew', closeTimeoutMs: 5_000 });
    await made.client.open();
    made.cut();
    await made.clock.advance(10_001);
    void made.client[how]();
    await made.clock.advance(5_000);
    expect(await made.client.closed).toMatchObject({ kind: how === 'abort' ? 'aborted' : 'timeout' });
  });

  it('may be aborted by whoever hears of the loss', async () => {
    await using made = await link({}, { onLost: 'renew', onError: () => made.client.abort() });
    await made.client.open();
    await lose(made);
    expect(await made.client.closed).toMatchObject({ kind: 'aborted' });
    expect(made.service.sessions.size).toBe(0);
  });

  it('is not renewed when somebody ended it in order', async () => {
    await using made = await link({}, { onLost: 'renew' });
    await made.client.open();
    for (const session of made.service.sessions.values()) void session.close('enough');
    expect(await made.client.closed).toMatchObject({ kind: 'closed', message: 'enough' });
    expect(made.client.status).toBe('closed');
  });

  it('does so over a real network, when another host answers in place of the one that died', async () => {
    const dying = await serve(() => ({ echo: ({ text }) => ({ text }) }));
    const proxy = await proxyTo(dying.port);
    const losses: (SessionEnd | undefined)[] = [];
    const { client } = join(proxy.address, {
      onLost: 'renew',
      onSession: ({ previous }) => void losses.push(previous),
    });
    await client.service.echo({ text: 'a' });
    const successor = await serve(() => ({ echo: ({ text }) => ({ text: `${text} again` }) }));
    proxy.targetPort = successor.port;
    proxy.cut();
    proxy.restore();
    await eventually(() => expect(losses).toHaveLength(2));
    await expect(client.service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'a again' });
    expect(losses[1]).toMatchObject({ kind: 'lost', code: Code.NOT_FOUND });
  });
});

describe('calls that were made while there was no connection, in a session that is lost', () => {
  /** A client that has lost its connection, and calls; then another host answers that does not know its session. */
  async function callWhileAway(onLost: 'fault' | 'renew') {
    const dying = await serve(() => ({ echo: ({ text }) => ({ text }) }));
    const proxy = await proxyTo(dying.port);
    const previous: (SessionEnd | undefined)[] = [];
    const { client } = join(proxy.address, {
      ...{ onLost, backoff: { firstMs: 1, maxMs: 10 } },
      onSession: (session) => void previous.push(session.previous),
    });
    await client.service.echo({ text: 'before' });
    proxy.refuse();
    await eventually(() => expect(client.status).toBe('resuming'));
    const echoes = [1, 2, 3].map((index) => client.service.echo({ text: `${index}` }));
    await client.service.note({ text: 'noted' });
    const texts: string[] = [];
    const successor = await serve(() => ({
      echo({ text }) {
        texts.push(text);
        return { text: `${text} again` };
      },
    }));
    proxy.targetPort = successor.port;
    proxy.restore();
    return { client, echoes, previous, texts };
  }

  it('are made in the new session, in their order; what was one-way is counted', async () => {
    const { echoes, previous, texts } = await callWhileAway('renew');
    const replies = await Promise.all(echoes);
    expect(replies.map(({ text }) => text)).toEqual(['1 again', '2 again', '3 again']);
    expect(texts).toEqual(['1', '2', '3']);
    expect(previous).toMatchObject([undefined, { kind: 'lost', unknownItems: 4 }]);
  });

  it('reject as calls that did not run, where the client is over', async () => {
    const { client, echoes } = await callWhileAway('fault');
    for (const echo of echoes) expect(await rejectionOf(echo)).toMatchObject({ kind: 'lost', executed: 'no' });
    expect(await client.closed).toMatchObject({ kind: 'lost', unknownItems: 4 });
  });
});
