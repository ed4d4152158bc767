import { Code, createHost, Fault, type HostOptions, type Instancing } from 'grpc-duplex';
import { describe, expect, it, onTestFinished } from 'vitest';
import { join, partly, serve } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred, eventually } from '../support/observe.js';
import { ScriptProcess } from '../support/processes.js';
import { rejectionOf } from '../support/thrown-by.js';
import { VirtualClock } from '../support/virtual-clock.js';

/** Serves echoes by objects that say which one they are, and keeps count of them. */
async function counting(instancing: Instancing, options: HostOptions = {}) {
  const log: string[] = [];
  let made = 0;
  const sessions = new Set<Everything.Session>();
  const make = (): Everything.Handler => {
    const name = `object ${++made}`;
    log.push(`${name} made`);
    return partly({
      async echo({ text }, call) {
        sessions.add(call.session);
        if (text === 'hang') await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
        return { text: name };
      },
      count: () => [{ value: 1 }, { value: 2 }],
      note: (_, { session }) => void sessions.add(session),
      [Symbol.dispose]: () => void log.push(`${name} disposed of`),
    });
  };
  const host = createHost({ resumeWindowMs: 200, ...options, onError: (error) => log.push(error.message) });
  const service = host.add(Everything, make, { instancing });
  const { address } = await host.listen('localhost:0');
  onTestFinished(() => void host.stop());
  return { host, address, log, service, sessions };
}

describe('the objects that serve operations', () => {
  it('are one for each session, unless the service says otherwise', async () => {
    const { address, log } = await counting('per-session');
    const clients = [join(address).client, join(address).client];
    const texts: string[] = [];
    for (const client of [...clients, ...clients]) texts.push((await client.service.echo()).text);
    expect(texts).toEqual(['object 1', 'object 2', 'object 1', 'object 2']);
    expect(log).toEqual(['object 1 made', 'object 2 made']);
  });

  it('are one for each call in per-call, disposed of when the call is answered', async () => {
    const { address, log } = await counting('per-call');
    const { client } = join(address);
    await client.open();
    expect(log).toEqual([]);
    expect((await client.service.echo()).text).toBe('object 1');
    await client.service.note();
    const values: number[] = [];
    await new Promise<void>((complete) => {
      client.service.count().subscribe({ next: ({ value }) => values.push(value), complete });
    });
    expect(values).toEqual([1, 2]);
    expect(log).toEqual(
      ['1 made', '1 disposed of', '2 made', '2 disposed of', '3 made', '3 disposed of'].map((what) => `object ${what}`),
    );
  });

  it('are one for all sessions in single, made once and disposed of when the host stops', async () => {
    const { address, host, log, sessions } = await counting('single');
    const clients = [join(address).client, join(address).client];
    for (const client of clients) expect((await client.service.echo()).text).toBe('object 1');
    expect(sessions.size).toBe(2);
    await clients[0]?.close();
    expect(log).toEqual(['object 1 made']);
    await Promise.all([host.stop(), host.stop()]);
    expect(log).toEqual(['object 1 made', 'object 1 disposed of']);
  });

  it('may be made asynchronously, and be refused by a fault: the call in per-call, the session in the others', async () => {
    const refuse = (): Promise<Everything.Handler> => Promise.reject(new Fault(Code.PERMISSION_DENIED, 'not you'));
    const perCall = await serve(refuse, { instancing: 'per-call' });
    const { client } = join(perCall.address);
    expect(await rejectionOf(client.service.echo())).toMatchObject({ kind: 'fault', code: Code.PERMISSION_DENIED });
    expect(client.status).toBe('opened');
    const perSession = await serve(refuse);
    expect(await rejectionOf(join(perSession.address).client.open())).toMatchObject({
      kind: 'refused',
      code: Code.PERMISSION_DENIED,
      message: 'not you',
    });
  });

  it('are tried again by the next session where the single one could not be made', async () => {
    const host = createHost();
    let attempts = 0;
    host.add(
      Everything,
      async () => {
        if (++attempts === 1) throw new Fault(Code.UNAVAILABLE, 'not yet');
        return partly({ echo: ({ text }) => ({ text }) });
      },
      { instancing: 'single' },
    );
    const { address } = await host.listen('localhost:0');
    onTestFinished(() => void host.stop());
    expect(await rejectionOf(join(address).client.open())).toMatchObject({ code: Code.UNAVAILABLE });
    await expect(join(address).client.service.echo({ text: 'now' })).resolves.toMatchObject({ text: 'now' });
    await expect(join(address).client.service.echo({ text: 'again' })).resolves.toMatchObject({ text: 'again' });
    expect(attempts).toBe(2);
  });
});

const endings = ['graceful close', 'abort', 'idle timeout', 'host stop', 'close by the service'] as const;

describe.each(['per-session', 'per-call', 'single'] as const)(
  'in %s every object is disposed of once',
  (instancing) => {
    it.each(endings)('on %s', async (ending) => {
      const clock = new VirtualClock();
      const { host, address, log, service } = await counting(
        instancing,
        ending === 'idle timeout' ? { clock, idleTimeoutMs: 1_000 } : {},
      );
      const { client } = join(address);
      await client.service.echo();
      const [session] = service.sessions.values();
      const hanging = ending === 'abort' ? rejectionOf(client.service.echo({ text: 'hang' })) : undefined;
      if (ending === 'graceful close') await client.close();
      else if (ending === 'abort') client.abort();
      else if (ending === 'host stop') await host.stop();
      else if (ending === 'close by the service') await session?.close();
      else await clock.advance(1_300);
      const end = await session?.closed;
      await hanging;
      if (ending === 'idle timeout') {
        expect(end).toMatchObject({ kind: 'closed', message: 'nothing was called for 1000 ms' });
        expect(await client.closed).toMatchObject({ kind: 'closed', message: 'nothing was called for 1000 ms' });
      }
      await host.stop();
      await eventually(() => expect(log.filter((line) => line.endsWith('disposed of'))).not.toEqual([]));
      const made = log.filter((line) => line.endsWith('made'));
      expect(log.filter((line) => line.endsWith('disposed of')).sort()).toEqual(
        made.map((line) => line.replace('made', 'disposed of')).sort(),
      );
    });

    it('when the client is killed in the middle of a call', async () => {
      const { host, address, log, service } = await counting(instancing);
      const victim = new ScriptProcess('test/support/everything-client.ts', [address]);
      await victim.printed('opened');
      const [session] = service.sessions.values();
      victim.kill('SIGKILL');
      expect(await session?.closed).toMatchObject({ kind: 'lost' });
      await host.stop();
      expect(log).toEqual(instancing === 'per-call' ? [] : ['object 1 made', 'object 1 disposed of']);
    });
  },
);

describe('an idle session', () => {
  it('is one without calls in either direction: callbacks keep it, and so does what runs', async () => {
    const clock = new VirtualClock();
    const [started, gate] = [deferred(), deferred()];
    const { address, sessions } = await serve(
      () => ({
        echo: async () => {
          started.resolve();
          await gate.promise;
          return {};
        },
      }),
      { idleTimeoutMs: 1_000, clock },
    );
    const { client } = join(address);
    await client.open();
    for (let i = 0; i < 8; i++) {
      await sessions[0]?.callback.noted();
      await clock.advance(500);
    }
    const slow = client.service.echo();
    await started.promise;
    await clock.advance(5_000);
    expect(client.status).toBe('opened');
    gate.resolve();
    await slow;
    await clock.advance(1_300);
    expect(await client.closed).toMatchObject({ kind: 'closed', origin: 'remote' });
  });
});
