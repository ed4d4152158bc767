import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { deferred, eventually, record } from '../support/observe.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { rejectionOf } from '../support/thrown-by.js';
import { VirtualClock } from '../support/virtual-clock.js';

const upTo = (length: number): number[] => Array.from({ length }, (_, index) => index);

/** A service behind a proxy that breaks connections. */
async function behindProxy(...args: Parameters<typeof serve>) {
  const serving = await serve(...args);
  return { ...serving, proxy: await TcpProxy.to(serving.port) };
}

describe('a session whose connection breaks', () => {
  it('goes on over a new one, and its user sees `resuming` and `opened`, nothing else', async () => {
    let made = 0;
    const {
      proxy,
      sessions,
      errors: atHost,
    } = await behindProxy(() => {
      made += 1;
      return { echo: ({ text }) => ({ text }) };
    });
    const { client, errors } = join(proxy.address);
    const statuses = record(client.status$);
    await client.open();
    proxy.cut();
    await expect(client.service.echo({ text: 'after' })).resolves.toMatchObject({ text: 'after' });
    expect(statuses).toEqual(['created', 'opening', 'opened', 'resuming', 'opened']);
    expect([made, sessions.length, proxy.connections]).toEqual([1, 1, 2]);
    await client.close();
    expect([errors, atHost]).toEqual([[], []]);
  });

  it('loses nothing and doubles nothing, both ways, however often and whenever it breaks', async () => {
    const received: number[] = [];
    const { proxy, sessions } = await behindProxy(() => ({
      note: ({ index }) => void received.push(index),
      reset: () => ({}),
    }));
    const { client, errors } = join(proxy.address);
    const seen: number[] = [];
    client.callbacks.noted$.subscribe(({ index }) => seen.push(index));
    await client.open();
    for (let flap = 0; flap < 20; flap++) {
      for (let index = 0; index < 250; index++) {
        await client.service.note({ index: flap * 250 + index });
        await sessions[0]?.callback.noted({ index: flap * 250 + index });
        if (index === flap * 12) proxy.cut();
      }
    }
    await client.service.reset();
    expect(await client.close()).toMatchObject({ kind: 'closed' });
    expect(received).toEqual(upTo(5_000));
    expect(seen).toEqual(upTo(5_000));
    expect(errors).toEqual([]);
    expect(sessions).toHaveLength(1);
  });

  it('lets calls that are under way end as if nothing had been', async () => {
    const gate = deferred();
    const started = deferred();
    const { proxy } = await behindProxy((session) => ({
      async ask({ question }) {
        started.resolve();
        await gate.promise;
        return session.callback.confirm({ question });
      },
    }));
    const { client } = join(proxy.address, { handler: { confirm: ({ question }) => ({ answer: question }) } });
    // The first call may run before its client knows of the session, and then there is nothing to resume.
    await client.open();
    const reply = client.service.ask({ question: 'still?' });
    await started.promise;
    proxy.cut();
    gate.resolve();
    await expect(reply).resolves.toMatchObject({ answer: 'still?' });
  });

  it('takes calls while it is away, and the state is the newest afterwards', async () => {
    const { proxy, sessions } = await behindProxy(() => ({ echo: ({ text }) => ({ text }) }));
    const { client } = join(proxy.address);
    const states = record(client.state$);
    await client.open();
    await eventually(() => expect(states).toHaveLength(1));
    proxy.refuse(true);
    await eventually(() => expect(client.status).toBe('resuming'));
    const reply = client.service.echo({ text: 'queued' });
    sessions[0]?.state.set({ last: 'changed meanwhile' });
    proxy.refuse(false);
    await expect(reply).resolves.toMatchObject({ text: 'queued' });
    await eventually(() => expect(client.state?.last).toBe('changed meanwhile'));
    expect(states).toHaveLength(2);
  });

  it('may be closed while it is away: everything is delivered as soon as it is back', async () => {
    const received: number[] = [];
    const { proxy, sessions } = await behindProxy(() => ({ note: ({ index }) => void received.push(index) }));
    const { client } = join(proxy.address);
    await client.open();
    proxy.refuse(true);
    await eventually(() => expect(client.status).toBe('resuming'));
    client.service.note({ index: 1 });
    const closed = client.close();
    proxy.refuse(false);
    expect(await closed).toMatchObject({ kind: 'closed' });
    expect(await sessions[0]?.closed).toMatchObject({ kind: 'closed' });
    expect(received).toEqual([1]);
  });

  it('may be aborted while it is away, and then dials no more', async () => {
    const { proxy } = await behindProxy();
    const clock = new VirtualClock();
    const { client } = join(proxy.address, { clock });
    await client.open();
    proxy.refuse(true);
    await eventually(() => expect(client.status).toBe('resuming'));
    await clock.advance(100);
    await eventually(() => expect(proxy.connections).toBe(2));
    client.abort();
    expect(await client.closed).toMatchObject({ kind: 'aborted' });
    await clock.advance(120_000);
    // Whatever it had dialled would come before this one.
    proxy.refuse(false);
    await join(proxy.address).client.open();
    expect(proxy.connections).toBe(3);
  });

  it('ends on both sides, typed, when it does not come back in time', async () => {
    const { proxy, sessions } = await behindProxy(() => ({ echo: () => new Promise(() => {}) }), {
      resumeWindowMs: 400,
    });
    const { client, errors } = join(proxy.address);
    const pending = rejectionOf(client.service.echo());
    await client.open();
    await eventually(() => expect(sessions).toHaveLength(1));
    proxy.refuse(true);
    expect(await client.closed).toMatchObject({ kind: 'lost' });
    expect(await sessions[0]?.closed).toMatchObject({ kind: 'lost' });
    expect(await pending).toMatchObject({ kind: 'lost', executed: 'maybe' });
    expect(client.status).toBe('faulted');
    expect(errors).toHaveLength(1);
  });

  it('ends with a typed discontinuity when the service has forgotten it', async () => {
    const { proxy, host, port } = await behindProxy(() => ({}), { closeTimeoutMs: 200 });
    const { client } = join(proxy.address);
    await client.open();
    proxy.refuse(true);
    await host.stop();
    const again = await serve();
    await again.host.listen(`localhost:${port}`);
    proxy.refuse(false);
    expect(await client.closed).toMatchObject({ kind: 'lost', origin: 'remote' });
    expect(client.status).toBe('faulted');
    expect(again.sessions).toEqual([]);
  });

  it('ends with it where the service keeps none', async () => {
    const { proxy, sessions } = await behindProxy(() => ({}), { resumeWindowMs: 0 });
    const { client } = join(proxy.address);
    const statuses = record(client.status$);
    await client.open();
    proxy.cut();
    expect(await client.closed).toMatchObject({ kind: 'lost' });
    expect(await sessions[0]?.closed).toMatchObject({ kind: 'lost' });
    expect(statuses).toEqual(['created', 'opening', 'opened', 'faulted', 'complete']);
  });
});
