import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { eventually } from '../support/observe.js';
import { ScriptProcess } from '../support/processes.js';
import { fastHeartbeats } from '../support/proxied.js';
import { RawStream } from '../support/raw-stream.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { rejectionOf } from '../support/thrown-by.js';
import { VirtualClock } from '../support/virtual-clock.js';

describe('a client that vanishes', () => {
  it('by SIGKILL, while the service keeps sending, ends its session in bounded time, and nothing else', async () => {
    let disposed = 0;
    const { address, sessions, errors } = await serve(
      () => ({
        echo: ({ text }) => ({ text }),
        [Symbol.dispose]() {
          disposed += 1;
        },
      }),
      { resumeWindowMs: 300 },
    );
    const victim = new ScriptProcess('test/support/everything-client.ts', [address]);
    await victim.printed('opened');
    const [session] = sessions;
    let index = 0;
    const sending = setInterval(() => {
      for (let count = 0; count < 50; count++) session?.callback.noted({ index: index++ });
    }, 1);
    const pending = rejectionOf(session?.callback.confirm() ?? Promise.resolve());
    await victim.printed('100 notes');
    victim.kill('SIGKILL');
    expect(await victim.exited).toBe('SIGKILL');
    const end = await session?.closed;
    expect(end).toMatchObject({ kind: 'lost', code: 14 });
    expect((await pending).kind).toBe('lost');
    // It keeps calling for a while: that is reported, and ends nothing.
    await new Promise((resolve) => setTimeout(resolve, 20));
    clearInterval(sending);
    expect(disposed).toBe(1);
    expect(errors.length).toBeGreaterThan(0);
    for (const { error } of errors) expect(error.kind).toMatch(/^(lost|fault)$/);
    const { client } = join(address);
    await expect(client.service.echo({ text: 'alive' })).resolves.toMatchObject({ text: 'alive' });
  });

  it('behind a network that swallows everything is noticed on both sides after 15 seconds of silence', async () => {
    const clock = new VirtualClock();
    const { port, sessions } = await serve(() => ({ echo: () => new Promise(() => {}) }), { clock, resumeWindowMs: 0 });
    const proxy = await TcpProxy.to(port);
    const { client } = join(proxy.address, { clock, resumeWindowMs: 0 });
    await client.open();
    const pending = rejectionOf(client.service.echo());
    await eventually(() => expect(sessions).toHaveLength(1));
    proxy.freeze();
    // What had passed the proxy already still arrives.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await clock.advance(14_000);
    expect(client.status).toBe('opened');
    await clock.advance(3_000);
    expect(await client.closed).toMatchObject({ kind: 'lost', origin: 'local' });
    expect(await sessions[0]?.closed).toMatchObject({ kind: 'lost', origin: 'local' });
    expect(await pending).toMatchObject({ kind: 'lost', executed: 'maybe' });
  });

  it('is not taken for dead as long as it answers, however little is said', async () => {
    const clock = new VirtualClock();
    const { address, sessions } = await serve(() => ({ echo: ({ text }) => ({ text }) }), { clock });
    const { client, errors } = join(address, { clock });
    await client.open();
    for (let minute = 0; minute < 30; minute++) {
      await clock.advance(5_000);
      // Real sockets carry the ping and the pong.
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    expect(client.status).toBe('opened');
    await expect(client.service.echo({ text: 'still' })).resolves.toMatchObject({ text: 'still' });
    expect(sessions).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  it('by reading no more is noticed although the service has much to send, and its stream is ended', async () => {
    const clock = new VirtualClock();
    const { address, sessions } = await serve(() => ({}), { clock, resumeWindowMs: 0 });
    const stream = new RawStream(address);
    await stream.greet();
    stream.stopReading();
    const payload = new Uint8Array(500_000);
    for (let index = 0; index < 6; index++) sessions[0]?.callback.noted({ index, payload });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await clock.advance(20_000);
    expect(await sessions[0]?.closed).toMatchObject({ kind: 'lost' });
    expect((await stream.status).code).not.toBe(0);
  });
});

describe('a process that is stopped for longer than heartbeats wait, and goes on', () => {
  it('as a client resumes its session, and gets what it was sent meanwhile; the other clients stay', async () => {
    const { address, sessions } = await serve(() => ({ echo: ({ text }) => ({ text }) }), fastHeartbeats);
    const stopped = new ScriptProcess('test/support/everything-client.ts', [address]);
    await stopped.printed('opened');
    const { client: other } = join(address);
    await other.open();
    const [session] = sessions;
    stopped.kill('SIGSTOP');
    await eventually(() => expect(session?.status).toBe('resuming'));
    for (let index = 0; index < 100; index++) session?.callback.noted({ index });
    await expect(other.service.echo({ text: 'here' })).resolves.toMatchObject({ text: 'here' });
    stopped.kill('SIGCONT');
    await stopped.printed('100 notes');
    await eventually(() => expect(session?.status).toBe('open'));
    await expect(other.service.echo({ text: 'still' })).resolves.toMatchObject({ text: 'still' });
    expect(sessions).toHaveLength(2);
  });

  it('as a service is found again by its clients, and takes nobody for dead', async () => {
    const host = new ScriptProcess('test/support/everything-host.ts');
    const address = (await host.printed('listening on')).replace('listening on ', '');
    const clients = Array.from({ length: 10 }, () => join(address, fastHeartbeats).client);
    await Promise.all(clients.map((client) => client.open()));
    host.kill('SIGSTOP');
    await eventually(() => expect(clients.every(({ status }) => status === 'resuming')).toBe(true));
    const sent = clients.map((client) => client.service.note());
    host.kill('SIGCONT');
    await Promise.all(sent);
    await eventually(() => expect(clients.map(({ status }) => status)).toEqual(clients.map(() => 'opened')));
    // In order: nothing was lost on either side.
    for (const end of await Promise.all(clients.map((client) => client.close()))) {
      expect(end).toMatchObject({ kind: 'closed', code: 0 });
    }
  });
});

describe('a service that vanishes', () => {
  it('by SIGKILL rejects every pending call at once, typed, and ends the session in bounded time', async () => {
    const host = new ScriptProcess('test/support/everything-host.ts');
    const address = (await host.printed('listening on')).split(' ').at(-1) ?? '';
    const { client, errors } = join(address, { resumeWindowMs: 0 });
    await client.open();
    const pending = Promise.all([1, 2, 3].map(() => rejectionOf(client.service.echo())));
    await client.service.note();
    host.kill('SIGKILL');
    for (const error of await pending) expect(error).toMatchObject({ kind: 'lost', executed: 'maybe' });
    expect(await client.closed).toMatchObject({ kind: 'lost' });
    expect(client.status).toBe('faulted');
    expect(errors).toHaveLength(1);
  });
});
