import { Code, createHost, type DuplexError, Fault } from 'grpc-duplex';
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
    for (let wave = 0; wave < 10; wave++) {
      await Promise.all(Array.from({ length: 100 }, () => join(address).client.open()));
    }
    expect(host.counters).toMatchObject({ sessions: 1_000, refused: { sessions: 1_000 } });
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

  it.each([
    ['sessions', 0],
    ['calls', -1],
    ['handshakes', 1.5],
    ['retryAfterMs', Number.NaN],
  ])('are whole numbers above 0: %s is not %s', (name, value) => {
    expect(thrownBy(() => createHost({ limits: { [name]: value } }))).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      message: expect.stringContaining(`limits.${name}`),
    });
  });
});
