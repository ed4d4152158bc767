import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { deferred, eventually } from '../support/observe.js';
import { ScriptProcess } from '../support/processes.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { rejectionOf } from '../support/thrown-by.js';
import { settle } from '../support/virtual-clock.js';

/** Serves sessions and keeps count of the objects that serve them. */
async function counting(options: { readonly how?: 'dispose' | 'asyncDispose' } = {}) {
  const log: string[] = [];
  let made = 0;
  const serving = await serve(
    () => {
      const name = `service ${++made}`;
      log.push(`${name} made`);
      const dispose = (): void => void log.push(`${name} disposed of`);
      return {
        echo: ({ text }) => ({ text }),
        ...(options.how === 'asyncDispose'
          ? { [Symbol.asyncDispose]: async () => dispose() }
          : { [Symbol.dispose]: dispose }),
      };
    },
    { resumeWindowMs: 200 },
  );
  return { ...serving, log };
}

const once = ['service 1 made', 'service 1 disposed of'];

describe('the object that serves a session', () => {
  it('is made when the session opens, one for each', async () => {
    const { address, log } = await counting();
    const clients = [join(address).client, join(address).client];
    for (const client of clients) await client.open();
    expect(log).toEqual(['service 1 made', 'service 2 made']);
    await Promise.all(clients.map((client) => client.service.echo()));
    expect(log).toHaveLength(2);
  });

  it.each(['dispose', 'asyncDispose'] as const)('is disposed of once when the client closes (%s)', async (how) => {
    const { address, log, sessions } = await counting({ how });
    const { client } = join(address);
    await client.open();
    await client.close();
    await sessions[0]?.closed;
    await settle();
    expect(log).toEqual(once);
  });

  it('is disposed of once when the client aborts', async () => {
    const { address, log, sessions } = await counting();
    const { client } = join(address);
    await client.open();
    client.abort();
    await sessions[0]?.closed;
    await settle();
    expect(log).toEqual(once);
  });

  it('is disposed of at once when the client aborts, for it will not come back', async () => {
    const { address, service, sessions } = await serve(() => ({}), { resumeWindowMs: 60_000 });
    const { client } = join(address);
    await client.open();
    client.abort('enough');
    await eventually(() => expect(service.sessions.size).toBe(0));
    expect(await sessions[0]?.closed).toMatchObject({ origin: 'remote' });
  });

  it('is disposed of once when the client is killed', async () => {
    const { address, log, sessions } = await counting();
    const victim = new ScriptProcess('test/support/everything-client.ts', [address]);
    await victim.printed('opened');
    victim.kill('SIGKILL');
    expect(await sessions[0]?.closed).toMatchObject({ kind: 'lost' });
    await settle();
    expect(log).toEqual(once);
  });

  it('is disposed of once when the service closes the session', async () => {
    const { address, log, sessions } = await counting();
    await join(address).client.open();
    await Promise.all([sessions[0]?.close(), sessions[0]?.close()]);
    await settle();
    expect(log).toEqual(once);
  });

  it('is disposed of once when the host stops', async () => {
    const { address, log, host } = await counting();
    await join(address).client.open();
    await Promise.all([host.stop(), host.stop()]);
    await host[Symbol.asyncDispose]();
    expect(log).toEqual(once);
  });

  it('is disposed of once when the connection breaks and does not come back', async () => {
    const { port, log, sessions } = await counting();
    const proxy = await TcpProxy.to(port);
    const { client } = join(proxy.address, { resumeWindowMs: 100 });
    await client.open();
    proxy.refuse(true);
    expect(await client.closed).toMatchObject({ kind: 'lost' });
    expect(await sessions[0]?.closed).toMatchObject({ kind: 'lost' });
    await settle();
    expect(log).toEqual(once);
  });

  it('is disposed of once when it is ready only after the client has left', async () => {
    const made = deferred();
    const log: string[] = [];
    const { address, service } = await serve(async () => {
      await made.promise;
      return { [Symbol.dispose]: () => void log.push('disposed of') };
    });
    const { client } = join(address);
    const opened = rejectionOf(client.open());
    await eventually(() => expect(service.sessions.size).toBe(1));
    client.abort();
    await opened;
    await eventually(() => expect(service.sessions.size).toBe(0));
    expect(log).toEqual([]);
    made.resolve();
    await settle();
    expect(log).toEqual(['disposed of']);
  });

  it('may fail to be disposed of: that is reported and ends nothing', async () => {
    const { address, errors, sessions } = await serve(() => ({
      [Symbol.dispose]() {
        throw new Error('still in use');
      },
    }));
    const { client } = join(address);
    await client.open();
    await client.close();
    await sessions[0]?.closed;
    await eventually(() => expect(errors).toMatchObject([{ error: { message: 'still in use' } }]));
    await join(address).client.open();
  });

  it('is told in its operations that the session is over, before it is disposed of', async () => {
    const log: string[] = [];
    const started = deferred();
    const { address, sessions } = await serve(
      () => ({
        echo: (_, { signal }) => {
          started.resolve();
          signal.addEventListener('abort', () => log.push('aborted'));
          return new Promise(() => {});
        },
        [Symbol.dispose]: () => void log.push('disposed of'),
      }),
      { resumeWindowMs: 0 },
    );
    const { client } = join(address);
    void client.service.echo();
    await started.promise;
    client.abort();
    await sessions[0]?.closed;
    await settle();
    expect(log).toEqual(['aborted', 'disposed of']);
  });
});

describe('the sessions of a service', () => {
  it('are listed by their id while they live, and no longer', async () => {
    const { address, service, sessions } = await serve();
    const { client } = join(address);
    expect(service.sessions.size).toBe(0);
    await client.open();
    const [session] = sessions;
    expect([...service.sessions.entries()]).toEqual([[session?.id, session]]);
    expect(session?.peer).toMatch(/127\.0\.0\.1|::1/);
    await client.close();
    await session?.closed;
    expect(service.sessions.size).toBe(0);
  });
});
