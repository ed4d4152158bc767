import { Code, createHost, type DuplexError, Fault } from 'grpc-duplex';
import { firstValueFrom, NEVER } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { deferred, eventually } from '../support/observe.js';
import { RawStream } from '../support/raw-stream.js';
import { rejectionOf, thrownBy } from '../support/thrown-by.js';

describe('the limits of a host', () => {
  it('of 2,000 clients against 1,000 sessions let exactly 1,000 in, refuse the others at once, and let them in later', async () => {
    const { address, host, service } = await serve(() => ({}), { limits: { sessions: 1_000, retryAfterMs: 5_000 } });
    const clients = Array.from({ length: 20 }, () => Array.from({ length: 100 }, () => join(address).client));
    const refused: DuplexError[] = [];
    const inside: (typeof clients)[number] = [];
    // A hundred at a time: a process can open only so many connections in one turn.
    for (const some of clients) {
      const outcomes = await Promise.allSettled(some.map((client) => client.open()));
      outcomes.forEach((outcome, index) => {
        if (outcome.status === 'rejected') refused.push(outcome.reason);
        else inside.push(some[index] as (typeof some)[number]);
      });
    }
    expect(inside).toHaveLength(1_000);
    expect(service.sessions.size).toBe(1_000);
    expect(refused).toHaveLength(1_000);
    for (const error of refused) {
      expect(error).toMatchObject({ kind: 'refused', code: Code.RESOURCE_EXHAUSTED, origin: 'remote' });
      expect(error.message).toBe('the host has its 1000 sessions (limits.sessions)');
      expect(error.retryAfterMs).toBeGreaterThanOrEqual(5_000);
      expect(error.retryAfterMs).toBeLessThanOrEqual(10_000);
    }
    expect(host.counters).toMatchObject({ sessions: 1_000, refused: { sessions: 1_000 } });

    await Promise.all(inside.map((client) => client.close()));
    await eventually(() => expect(host.counters.sessions).toBe(0));
    const later = Array.from({ length: 10 }, () => Array.from({ length: 100 }, () => join(address).client));
    for (const some of later) await Promise.all(some.map((client) => client.open()));
    expect(host.counters).toMatchObject({ sessions: 1_000, refused: { sessions: 1_000 } });
    // A thousand that are torn down at once would hold up what this process does next.
    for (const some of later) await Promise.all(some.map((client) => client.close()));
  }, 120_000);

  it('tell plain clients by the status of the stream', async () => {
    const { address } = await serve(() => ({}), { limits: { sessions: 1 } });
    await join(address).client.open();
    await expect(new RawStream(address).send({}).status).resolves.toMatchObject({
      code: Code.RESOURCE_EXHAUSTED,
      details: 'the host has its 1 sessions (limits.sessions)',
    });
  });

  it('hold for each principal', async () => {
    const { address, host } = await serve(() => ({}), {
      limits: { sessionsPerPrincipal: 1 },
      authenticate: ({ headers }) => ({ id: headers.get('name') ?? '' }),
    });
    const as = (name: string) => join(address, { metadata: { name } }).client;
    const ann = as('ann');
    await ann.open();
    await as('bob').open();
    expect(await rejectionOf(as('ann').open())).toMatchObject({
      code: Code.RESOURCE_EXHAUSTED,
      message: 'this principal has its 1 sessions (limits.sessionsPerPrincipal)',
    });
    expect(host.counters.refused.sessionsPerPrincipal).toBe(1);
    await ann.close();
    await eventually(() => expect(host.counters.sessions).toBe(1));
    await as('ann').open();
  });

  it('hold for streams that say nothing', async () => {
    const { address, host } = await serve(() => ({}), { limits: { handshakes: 2 } });
    const silent = [new RawStream(address), new RawStream(address)];
    await eventually(() => expect(host.counters.handshakes).toBe(2));
    await expect(new RawStream(address).status).resolves.toMatchObject({
      code: Code.RESOURCE_EXHAUSTED,
      details: '2 streams are being opened (limits.handshakes)',
    });
    for (const stream of silent) stream.cancel();
    await eventually(() => expect(host.counters.handshakes).toBe(0));
    await join(address).client.open();
  });

  it('hold for calls that run, over all sessions; what has no answer is never refused', async () => {
    const gate = deferred();
    let asked = 0;
    let notes = 0;
    const { address, host } = await serve(
      () => ({
        async ask() {
          asked += 1;
          await gate.promise;
          return { answer: 'done' };
        },
        echo: ({ text }) => ({ text }),
        async note() {
          notes += 1;
          await gate.promise;
        },
      }),
      { limits: { calls: 2 }, concurrency: 'multiple' },
    );
    const first = join(address).client;
    const second = join(address).client;
    const running = [first.service.ask(), second.service.ask()];
    await eventually(() => expect(asked).toBe(2));
    const error = await rejectionOf(second.service.ask());
    expect(error).toBeInstanceOf(Fault);
    expect(error).toMatchObject({ code: Code.RESOURCE_EXHAUSTED, retryAfterMs: 1_000 });
    expect(error.message).toBe('the host runs its 2 calls (limits.calls)');
    second.service.note();
    await eventually(() => expect(notes).toBe(1));
    expect(host.counters).toMatchObject({ calls: 2, refused: { calls: 1 } });
    gate.resolve();
    await Promise.all(running);
    await eventually(() => expect(host.counters.calls).toBe(0));
    await expect(second.service.ask()).resolves.toMatchObject({ answer: 'done' });
  });

  it('count reply streams among the calls for as long as they are open', async () => {
    const { address, host } = await serve(() => ({ count: () => NEVER, echo: ({ text }) => ({ text }) }), {
      limits: { calls: 1 },
    });
    const { client } = join(address);
    const stream = client.service.count().subscribe();
    await eventually(() => expect(host.counters.calls).toBe(1));
    expect(await rejectionOf(client.service.echo())).toMatchObject({
      ...{ code: Code.RESOURCE_EXHAUSTED, message: 'the host runs its 1 calls (limits.calls)' },
    });
    stream.unsubscribe();
    await eventually(() => expect(host.counters.calls).toBe(0));
    await client.service.echo();
  });

  it('hold for the objects that serve sessions: the session is refused, and gets in when one is disposed of', async () => {
    const disposing = deferred();
    const { address, host } = await serve(() => ({ [Symbol.asyncDispose]: () => disposing.promise }), {
      limits: { instances: 1, retryAfterMs: 5_000 },
    });
    const first = join(address).client;
    await first.open();
    const error = await rejectionOf(join(address).client.open());
    expect(error).toMatchObject({ kind: 'refused', code: Code.RESOURCE_EXHAUSTED, retryAfterMs: 5_000 });
    expect(error.message).toBe('the host has its 1 instances (limits.instances)');
    await first.close();
    // It is still being disposed of.
    await expect(join(address).client.open()).rejects.toThrow('limits.instances');
    expect(host.counters).toMatchObject({ instances: 1, refused: { instances: 2 } });
    disposing.resolve();
    await eventually(() => expect(host.counters.instances).toBe(0));
    await join(address).client.open();
  });

  it('hold for the objects that serve calls: the call is refused, and the session lives', async () => {
    const gate = deferred();
    let refuses = true;
    const { address, host } = await serve(
      async () => {
        if (refuses) throw new Fault(Code.UNAVAILABLE, 'not now');
        return {
          async ask() {
            await gate.promise;
            return { answer: 'done' };
          },
          echo: ({ text }) => ({ text }),
        };
      },
      { instancing: 'per-call', concurrency: 'multiple', limits: { instances: 1 } },
    );
    const { client } = join(address);
    // An object that was not made after all does not count.
    for (let times = 0; times < 3; times++) await expect(client.service.echo()).rejects.toThrow('not now');
    refuses = false;
    const asked = client.service.ask();
    await eventually(() => expect(host.counters.instances).toBe(1));
    expect(await rejectionOf(client.service.echo())).toMatchObject({
      ...{ code: Code.RESOURCE_EXHAUSTED, retryAfterMs: 1_000 },
      message: 'the host has its 1 instances (limits.instances)',
    });
    gate.resolve();
    await asked;
    await eventually(() => expect(host.counters.instances).toBe(0));
    await client.service.echo();
  });

  it('hold for the calls of a session that run at a time: the others wait, and of those only so many with an answer', async () => {
    const begun: string[] = [];
    const gates = new Map<string, () => void>();
    const run = async (name: string): Promise<void> => {
      begun.push(name);
      await new Promise<void>((resolve) => gates.set(name, resolve));
    };
    const { address, host } = await serve(
      () => ({
        async echo({ text }) {
          await run(text);
          return { text };
        },
        note: ({ text }) => run(text),
      }),
      { concurrency: 'multiple', limits: { callsPerSession: 2, waitingPerSession: 1 } },
    );
    const { client } = join(address);
    const running = ['a', 'b', 'c'].map((text) => client.service.echo({ text }));
    await eventually(() => expect(begun).toEqual(['a', 'b']));
    const error = await rejectionOf(client.service.echo({ text: 'd' }));
    expect(error).toMatchObject({ code: Code.RESOURCE_EXHAUSTED, retryAfterMs: 1_000 });
    expect(error.message).toBe('1 calls of the session wait for their turn (limits.waitingPerSession)');
    expect(host.counters.refused.waitingPerSession).toBe(1);
    // What has no answer waits, as far as the window goes.
    await client.service.note({ text: 'e' });
    gates.get('a')?.();
    await eventually(() => expect(begun).toEqual(['a', 'b', 'c']));
    gates.get('b')?.();
    await eventually(() => expect(begun).toEqual(['a', 'b', 'c', 'e']));
    gates.get('c')?.();
    gates.get('e')?.();
    await Promise.all(running);
    // Another session has limits of its own.
    void join(address).client.service.echo({ text: 'f' });
    await eventually(() => expect(begun).toContain('f'));
  });

  it('let no call of a session wait at all, if the host wants it so', async () => {
    const gate = deferred();
    const { address } = await serve(
      () => ({
        async ask() {
          await gate.promise;
          return { answer: 'done' };
        },
        echo: ({ text }) => ({ text }),
      }),
      { limits: { waitingPerSession: 0 } },
    );
    const { client } = join(address);
    const asked = client.service.ask();
    await expect(client.service.echo()).rejects.toThrow('0 calls of the session wait');
    gate.resolve();
    await asked;
    await client.service.echo();
  });

  it('hold for the reply streams of a session, however late each begins', async () => {
    const { address } = await serve(() => ({ count: () => NEVER }), {
      ...{ limits: { streamsPerSession: 1 }, concurrency: 'multiple' },
      authorize: async () => true,
    });
    const { client } = join(address);
    const failed: unknown[] = [];
    for (let i = 0; i < 5; i++) client.service.count().subscribe({ error: (error) => failed.push(error) });
    await eventually(() => expect(failed).toHaveLength(4));
    expect(failed[0]).toMatchObject({ code: Code.RESOURCE_EXHAUSTED, executed: 'no' });
  });

  it('hold for the reply streams of a session', async () => {
    const { address, host } = await serve(() => ({ count: () => NEVER, echo: ({ text }) => ({ text }) }), {
      limits: { streamsPerSession: 2 },
    });
    const { client } = join(address);
    const streams = [client.service.count().subscribe(), client.service.count().subscribe()];
    expect(await rejectionOf(firstValueFrom(client.service.count()))).toMatchObject({
      ...{ code: Code.RESOURCE_EXHAUSTED, retryAfterMs: 1_000 },
      message: 'the session has its 2 streams (limits.streamsPerSession)',
    });
    expect(host.counters.refused.streamsPerSession).toBe(1);
    await client.service.echo();
    for (const stream of streams) stream.unsubscribe();
    await client.service.echo();
    client.service.count().subscribe();
    await client.service.echo();
    expect(host.counters.refused.streamsPerSession).toBe(1);
  });

  it.each([
    ['sessions', 0],
    ['calls', -1],
    ['handshakes', 1.5],
    ['retryAfterMs', Number.NaN],
    ['instances', 0],
    ['waitingPerSession', -1],
  ])('are whole numbers: %s is not %s', (name, value) => {
    expect(thrownBy(() => createHost({ limits: { [name]: value } }))).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      message: expect.stringContaining(`limits.${name}`),
    });
  });
});
