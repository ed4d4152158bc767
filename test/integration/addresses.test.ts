import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { Code, connect, createHost, DuplexError } from 'grpc-duplex';
import { describe, expect, it, onTestFinished } from 'vitest';
import { join, partly, serve } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { Other } from '../support/gen/testing/v1/other_duplex.js';
import { rejectionOf, thrownBy } from '../support/thrown-by.js';
import { VirtualClock } from '../support/virtual-clock.js';

const malformed = [
  '',
  'localhost',
  'localhost:',
  ':50051',
  'localhost:99999',
  'http://localhost:50051',
  'a b:1',
  '::1:5',
];

describe('where a host listens', () => {
  it('is a free port of its own choice for port 0, which it names', async () => {
    const [first, second] = [await serve(), await serve()];
    expect(first.port).not.toBe(second.port);
    expect(first.address).toBe(`localhost:${first.port}`);
    const { client } = join(first.address);
    await client.open();
  });

  it('may be several addresses', async () => {
    const { host, address, sessions } = await serve();
    const other = await host.listen('127.0.0.1:0');
    await join(address).client.open();
    await join(other.address).client.open();
    expect(sessions).toHaveLength(2);
  });

  it('may be a unix socket', async () => {
    const { host, sessions } = await serve();
    const path = `unix:${joinPath(tmpdir(), `grpc-duplex-${randomUUID()}.sock`)}`;
    expect(await host.listen(path)).toEqual({ address: path, port: 0 });
    await join(path).client.open();
    expect(sessions).toHaveLength(1);
  });

  it('cannot be a port that is in use: the error names address and cause', async () => {
    const { port } = await serve();
    const host = createHost();
    onTestFinished(async () => void (await host.stop()));
    const error = await rejectionOf(host.listen(`localhost:${port}`));
    expect(error).toMatchObject({ kind: 'unavailable', origin: 'local' });
    expect(error.message).toContain(`localhost:${port}`);
    expect(error.message).toContain('in use');
    // The host is as good as new.
    await expect(host.listen('localhost:0')).resolves.toMatchObject({ port: expect.any(Number) });
  });

  it('cannot be a host that is not this one: the error names address and cause', async () => {
    const host = createHost();
    const error = await rejectionOf(host.listen('192.0.2.1:0'));
    expect(error).toMatchObject({ kind: 'unavailable' });
    expect(error.message).toContain('192.0.2.1:0');
    expect(error.message).toContain('EADDRNOTAVAIL');
  });

  it.each(malformed)('cannot be "%s"', async (address) => {
    const error = await rejectionOf(createHost().listen(address));
    expect(error).toMatchObject({ kind: 'unavailable', code: Code.INVALID_ARGUMENT });
    expect(error.message).toContain(`"${address}"`);
  });

  it('is free again once the host has stopped', async () => {
    const { host, port } = await serve();
    await host.stop();
    const next = createHost();
    onTestFinished(async () => void (await next.stop()));
    await expect(next.listen(`localhost:${port}`)).resolves.toMatchObject({ port });
  });
});

describe('where a client dials', () => {
  it.each(malformed)('cannot be "%s": that is thrown at once', (address) => {
    const error = thrownBy(() => connect(Everything, address));
    expect(error).toMatchObject({ kind: 'unavailable', code: Code.INVALID_ARGUMENT, origin: 'local' });
    expect(error).toHaveProperty('message', expect.stringContaining(`"${address}"`));
  });

  it.each([
    'dns:',
    'dns:///',
    'ipv4:no.such.ip:1',
    'ipv4:',
    'unix:',
    'xds:///service',
    'unix-abstract:name',
    'ip:1.2.3.4:5',
  ])('ends in a typed error for what only looks like an address: "%s"', async (address) => {
    try {
      const { client } = join(address, { openTimeoutMs: 2_000 });
      expect(await rejectionOf(client.open())).toMatchObject({
        kind: expect.stringMatching(/^(unavailable|timeout)$/),
      });
    } catch (error) {
      expect(error).toBeInstanceOf(DuplexError);
    }
  });

  it('may have nobody who listens: every call says so, and the address', async () => {
    const { client, errors } = join('localhost:1');
    const calls = [client.open(), client.service.echo(), client.service.reset()].map(rejectionOf);
    for (const error of await Promise.all(calls)) {
      expect(error).toMatchObject({ kind: 'unavailable', code: Code.UNAVAILABLE });
      expect(error.message).toContain('localhost:1');
    }
    expect(await client.closed).toMatchObject({ kind: 'unavailable' });
    expect(errors).toHaveLength(1);
  });

  it('may be a name that does not exist', async () => {
    const { client } = join('no-such-host.invalid:50051', { openTimeoutMs: 5_000 });
    const error = await rejectionOf(client.open());
    expect(error).toMatchObject({ kind: 'unavailable', code: Code.UNAVAILABLE });
    expect(error.message).toContain('no-such-host.invalid:50051');
  });

  it('may be tried again until somebody listens there', async () => {
    const { host, port } = await serve();
    await host.stop();
    const { client } = join(`localhost:${port}`, { retryOpen: true });
    const opened = client.open();
    const late = createHost();
    onTestFinished(async () => void (await late.stop()));
    late.add(Everything, () => partly({}));
    await late.listen(`localhost:${port}`);
    await opened;
    expect(client.status).toBe('opened');
  });

  it('may be tried in vain: the error says how the last attempt failed', async () => {
    const clock = new VirtualClock();
    let attempts = 0;
    const metadata = () => ({ attempt: `${++attempts}` });
    const { client } = join('localhost:1', { clock, retryOpen: true, metadata, openTimeoutMs: 60_000 });
    const opened = rejectionOf(client.open());
    while (attempts < 2) await clock.advance(10);
    await clock.advance(60_000);
    expect(await opened).toMatchObject({
      ...{ kind: 'timeout', message: expect.stringMatching(/^no session within 60000 ms: .*localhost:1/) },
    });
  });

  it('may serve another contract: the error says so, and nothing else happens', async () => {
    const { address, sessions, errors } = await serve();
    const client = connect(Other, address, { onError: () => {} });
    const error = await rejectionOf(client.service.repeat({ text: 'hi' }));
    expect(error).toMatchObject({ kind: 'refused', code: Code.UNIMPLEMENTED, origin: 'remote' });
    expect(error.message).toContain('testing.v1.OtherDuplexService');
    expect(error.message).toContain(address);
    expect(await client.closed).toMatchObject({ kind: 'refused', code: Code.UNIMPLEMENTED });
    expect([sessions, errors]).toEqual([[], []]);
  });

  it('may serve another contract under the same wire name: the service refuses by name', async () => {
    const { address, sessions } = await serve();
    const misnamed = { ...Other, wireName: Everything.wireName };
    const client = connect(misnamed, address, { onError: () => {} });
    const error = await rejectionOf(client.open());
    expect(error).toMatchObject({ kind: 'refused', code: Code.UNIMPLEMENTED });
    expect(error.message).toContain('testing.v1.EverythingService');
    expect(error.message).toContain('testing.v1.OtherService');
    expect(sessions).toEqual([]);
  });

  it('may be something that does not speak HTTP/2 at all', async () => {
    const { createServer } = await import('node:net');
    const server = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9.6\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const { client } = join(`127.0.0.1:${port}`, { openTimeoutMs: 3_000 });
    expect(await rejectionOf(client.open())).toMatchObject({ kind: expect.stringMatching(/^(unavailable|timeout)$/) });
  });

  it('may accept a connection and then say nothing: opening has a bound', async () => {
    const { createServer } = await import('node:net');
    const server = createServer((socket) => socket.on('error', () => {}));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const { client } = join(`127.0.0.1:${port}`, { openTimeoutMs: 300 });
    const statuses: string[] = [];
    client.status$.subscribe((status) => statuses.push(status));
    expect(await rejectionOf(client.open())).toMatchObject({ kind: 'timeout', code: Code.DEADLINE_EXCEEDED });
    expect(statuses).toEqual(['created', 'opening', 'faulted']);
  });
});
