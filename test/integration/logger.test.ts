import { Code, connect, createHost, type DuplexError, Fault, type Logger, type LogRecord } from 'grpc-duplex';
import { testLink } from 'grpc-duplex/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { join, partly, serve } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred, eventually } from '../support/observe.js';
import { unary } from '../support/plain-call.js';
import { flap, proxyTo } from '../support/proxied.js';
import { rejectionOf } from '../support/thrown-by.js';

type Logged = LogRecord & { readonly at: keyof Logger };

/** A logger, and what it got. */
function recorder(): { readonly logger: Logger; readonly records: readonly Logged[] } {
  const records: Logged[] = [];
  const take = (at: keyof Logger) => (record: LogRecord) => void records.push({ at, ...record });
  return { logger: { info: take('info'), warn: take('warn'), error: take('error') }, records };
}

const eventsOf = (records: readonly Logged[]): readonly string[] => records.map(({ at, event }) => `${at} ${event}`);

describe('a logger', () => {
  it('is told on both sides what becomes of a session, under the same id, and nothing of its messages', async () => {
    const [host, client] = [recorder(), recorder()];
    const { port, address } = await serve(() => ({ echo: ({ text }) => ({ text }) }), { logger: host.logger });
    const proxy = await proxyTo(port);
    const joined = join(proxy.address, { logger: client.logger });
    await joined.client.open();
    for (let index = 0; index < 100; index++) await joined.client.service.echo({ text: 'secret' });
    await flap(joined.client, () => {
      proxy.cut();
      proxy.restore();
    });
    await joined.client.close();
    const life = ['info session.opened', 'warn session.suspended', 'info session.resumed', 'info session.closed'];
    expect(eventsOf(client.records)).toEqual(life);
    await eventually(() => expect(eventsOf(host.records)).toEqual(['info host.listening', ...life]));
    const ids = new Set([...client.records, ...host.records.slice(1)].map(({ sessionId }) => sessionId));
    expect([...ids]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(JSON.stringify([client.records, host.records])).not.toContain('secret');
    expect(host.records[0]).toMatchObject({ side: 'service', address });
    expect(client.records[1]).toMatchObject({ side: 'client', peer: proxy.address, kind: 'lost', code: 'UNAVAILABLE' });
    expect(client.records.at(-1)).toMatchObject({
      contract: 'testing.v1.EverythingService',
      kind: 'closed',
      origin: 'local',
      reason: 'the client closed the session',
      lastedMs: expect.any(Number),
    });
  });

  it('hears once that a host has stopped, and how its sessions ended', async () => {
    const { logger, records } = recorder();
    const { address, host } = await serve(() => ({}), { logger });
    await join(address).client.open();
    await host.stop('maintenance');
    await host.stop();
    const last = { event: 'host.stopped', reason: 'maintenance', closed: 1, aborted: 0 };
    expect(records.filter(({ event }) => event === 'host.stopped')).toMatchObject([last]);
  });

  it.each([
    ['bad credentials', Code.UNAUTHENTICATED, 'UNAUTHENTICATED'],
    ['no permission', Code.PERMISSION_DENIED, 'PERMISSION_DENIED'],
  ])('hears who is turned away: %s', async (_, code, name) => {
    const [host, client] = [recorder(), recorder()];
    const { address } = await serve(() => ({}), {
      logger: host.logger,
      authenticate: () => {
        throw new Fault(code, 'not you');
      },
    });
    await rejectionOf(join(address, { logger: client.logger }).client.open());
    const said = {
      ...{ event: 'session.refused', kind: 'refused', code: name },
      reason: expect.stringContaining('not you'),
    };
    expect(host.records.slice(1)).toMatchObject([{ ...said, peer: expect.stringContaining(':') }]);
    expect(client.records).toMatchObject([{ ...said, side: 'client', peer: address }]);
  });

  it('hears what limits refuse, and what a factory does', async () => {
    const { logger, records } = recorder();
    let full = false;
    const make = (): Everything.Handler => {
      if (full) throw new Fault(Code.FAILED_PRECONDITION, 'closed today');
      return partly({});
    };
    const { address } = await serve(make, { logger, limits: { sessions: 1 } });
    const first = join(address).client;
    await first.open();
    await rejectionOf(join(address).client.open());
    await first.close();
    await eventually(() => expect(records.at(-1)).toMatchObject({ event: 'session.closed' }));
    full = true;
    await rejectionOf(join(address).client.open());
    await eventually(() => expect(records).toHaveLength(5));
    expect(records[2]).toMatchObject({ event: 'session.refused', code: 'RESOURCE_EXHAUSTED' });
    expect(records[2]?.message).toMatch(/is turned away: the host has its 1 sessions \(limits.sessions\)/);
    expect(records[4]).toMatchObject({ event: 'session.refused', reason: 'closed today' });
  });

  it('hears of plain calls that are turned away', async () => {
    const { logger, records } = recorder();
    const host = createHost({ logger, authenticate: () => undefined });
    onTestFinished(() => void host.stop());
    host.add({ ...Everything, session: 'allowed' }, () => partly({ echo: () => ({}) }));
    const { address } = await host.listen('localhost:0');
    const echo = unary(address, '/testing.v1.EverythingService/Echo', new Uint8Array());
    await expect(echo).rejects.toMatchObject({ code: Code.UNAUTHENTICATED });
    expect(records[1]).toMatchObject({ at: 'warn', event: 'session.refused', code: 'UNAUTHENTICATED' });
  });

  it('is warned where a session was cut', async () => {
    const { logger, records } = recorder();
    const { address, host } = await serve(() => ({ echo: () => new Promise(() => {}) }), { logger });
    const { client } = join(address);
    await client.open();
    const echo = rejectionOf(client.service.echo());
    await host.stop('maintenance', { drainMs: 1 });
    await echo;
    const cut = { at: 'warn', event: 'session.closed', kind: 'aborted', code: 'UNAVAILABLE' };
    expect(records.filter(({ event }) => event === 'session.closed')).toMatchObject([cut]);
  });

  it('hears at the client when nobody is there', async () => {
    const { logger, records } = recorder();
    await rejectionOf(join('localhost:1', { logger }).client.open());
    expect(records).toMatchObject([{ at: 'warn', event: 'session.failed', kind: 'unavailable', peer: 'localhost:1' }]);
  });

  it('hears once of what a policy drops, and the sum at the end', async () => {
    const { logger, records } = recorder();
    const gate = deferred();
    await using link = await testLink(Everything, () => partly({ reset: () => ({}) }), {
      host: { logger },
      client: { handler: { noted: () => gate.promise, progressed: () => {} } },
    });
    await link.client.open();
    const [session] = link.service.sessions.values();
    for (let index = 0; index < 20_000; index++) void session?.callback.noted({ index });
    for (let percent = 0; percent < 100; percent++) session?.callback.progressed({ percent });
    await link.settle();
    gate.resolve();
    await link.settle();
    await link.client.close();
    expect(eventsOf(records)).toEqual(['info session.opened', 'info item.dropped', 'info session.closed']);
    expect(records[1]).toMatchObject({ method: 'progressed', kind: 'latest' });
    expect(records[2]?.counters).toMatchObject({ dropped: expect.any(Number) });
    expect(records[2]?.counters).not.toHaveProperty('unknownItems');
  });

  it('hears once of what the contract does not know', async () => {
    const { logger, records } = recorder();
    const { address } = await serve(() => ({ echo: () => ({}) }), { logger });
    const newer = {
      ...Everything,
      operations: Everything.operations.map((method) => ({ ...method, number: method.number + 900 })),
    };
    const client = connect(newer, address, { onError: () => {} });
    onTestFinished(() => client.abort());
    for (const _ of [1, 2, 3]) await rejectionOf(client.service.echo());
    await client.close();
    await eventually(() => expect(records).toHaveLength(4));
    expect(eventsOf(records)).toEqual([
      'info host.listening',
      'info session.opened',
      'warn item.unknown',
      'info session.closed',
    ]);
    expect(records[2]?.reason).toContain('number 1002');
    expect(records[3]?.counters).toEqual({ unknownItems: 3 });
  });

  it('gets the errors that nobody awaits in place of stderr, unless `onError` does', async () => {
    const [quiet, loud] = [recorder(), recorder()];
    const heard: DuplexError[] = [];
    const fail = (): never => {
      throw new Error('a bug\nforged line \u001b[2J');
    };
    for (const [{ logger }, onError] of [
      [quiet, undefined],
      [loud, (error: DuplexError) => heard.push(error)],
    ] as const) {
      const host = createHost({ logger, ...(onError && { onError }) });
      onTestFinished(() => void host.stop());
      host.add(Everything, () => partly({ echo: fail }));
      const { address } = await host.listen('localhost:0');
      const error = await rejectionOf(join(address).client.service.echo());
      expect(error.errorId).toEqual(expect.any(String));
    }
    const error = quiet.records.find(({ event }) => event === 'error');
    expect(error).toMatchObject({ at: 'error', method: 'echo', kind: 'fault', errorId: expect.any(String) });
    expect(error?.message).toMatch(/^echo: a bug\\u\{a\}forged line \\u\{1b\}\[2J/);
    expect(error?.stack).toContain('logger.test.ts');
    expect(error?.stack).not.toContain('forged');
    expect(eventsOf(loud.records)).not.toContain('error error');
    expect(heard).toHaveLength(1);
  });

  it('that fails harms nobody, and its failure is written to stderr', async () => {
    const written = vi.spyOn(console, 'error').mockImplementation(() => {});
    onTestFinished(() => written.mockRestore());
    const fail = (): never => {
      throw new Error('disk full');
    };
    const logger = { info: fail, warn: fail, error: fail };
    const { address, host } = await serve(() => ({ echo: ({ text }) => ({ text }) }), { logger });
    const { client } = join(address, { logger });
    await expect(client.service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'a' });
    expect(await client.close()).toMatchObject({ kind: 'closed' });
    await host.stop();
    expect(written).toHaveBeenCalledWith('the logger failed: disk full');
  });

  it('may be left out: then nothing is written anywhere', async () => {
    const written = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write'));
    onTestFinished(() => written.forEach((spy) => void spy.mockRestore()));
    const host = createHost();
    host.add(Everything, () => partly({}));
    const { address } = await host.listen('localhost:0');
    const client = connect(Everything, address);
    await client.open();
    await client.close();
    await host.stop();
    expect(written.flatMap(({ mock }) => mock.calls)).toEqual([]);
  });
});
