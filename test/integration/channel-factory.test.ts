import { connect as connectSocket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { credentials, Metadata, ServerCredentials } from '@grpc/grpc-js';
import { type ChannelFactoryOptions, Code, createChannelFactory, createHost } from 'grpc-duplex';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeCertificate } from '../support/certificate.js';
import { join, partly, serve } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { listeningSockets, openSockets } from '../support/listening-sockets.js';
import { eventually } from '../support/observe.js';
import { ScriptProcess } from '../support/processes.js';
import { proxyTo } from '../support/proxied.js';
import { thrownBy } from '../support/thrown-by.js';

type Options = ChannelFactoryOptions<Everything.Callbacks, Everything.Operations>;

function factoryFor(address: string, options: Partial<Options> = {}) {
  const factory = createChannelFactory(Everything, { address, onError: () => {}, ...options });
  onTestFinished(() => factory.abort());
  return factory;
}

const echo = { echo: ({ text }: { text: string }) => ({ text }) };

/** Opens so many clients; returns them and the connections that they came by. */
async function open(factory: ReturnType<typeof factoryFor>, count: number, sessions: readonly Everything.Session[]) {
  const clients = Array.from({ length: count }, () => factory.create());
  await Promise.all(clients.map((client) => client.open()));
  return { clients, connections: new Set(sessions.map(({ peer }) => peer)) };
}

describe('a channel factory', () => {
  it('makes clients with sessions of their own, each over its own connection', async () => {
    const { address, sessions, service } = await serve(() => echo);
    const factory = factoryFor(address);
    const { clients, connections } = await open(factory, 5, sessions);
    expect(service.sessions.size).toBe(5);
    expect(connections.size).toBe(5);
    expect(factory.clients).toEqual(new Set(clients));
    await clients[0]?.close();
    expect(factory.clients.size).toBe(4);
    await expect(clients[1]?.service.echo({ text: 'b' })).resolves.toMatchObject({ text: 'b' });
  });

  it('may let them share connections, each up to a number of sessions', async () => {
    const { address, sessions } = await serve(() => echo);
    const factory = factoryFor(address, { connections: 'shared', sessionsPerConnection: 4 });
    const { clients, connections } = await open(factory, 10, sessions);
    expect(connections.size).toBe(3);
    await Promise.all(clients.slice(0, 4).map((client) => client.close()));
    // There is room on what stays open.
    await factory.create().open();
    expect(new Set(sessions.map(({ peer }) => peer)).size).toBe(3);
  });

  it('never goes back to a shared connection that broke: every session resumes over a new one', async () => {
    const { port, service } = await serve(() => echo);
    const proxy = await proxyTo(port);
    const factory = factoryFor(proxy.address, { connections: 'shared', backoff: { firstMs: 1, maxMs: 10 } });
    const clients = Array.from({ length: 20 }, () => factory.create());
    await Promise.all(clients.map((client) => client.open()));
    proxy.cut();
    proxy.restore();
    const replies = clients.map((client, index) => client.service.echo({ text: `${index}` }));
    expect((await Promise.all(replies)).map(({ text }) => Number(text))).toEqual(clients.map((_, index) => index));
    expect(service.sessions.size).toBe(20);
  });

  it('gives every client its options, and each may have its own over them', async () => {
    const { address, sessions } = await serve();
    const factory = factoryFor(address, { handler: { confirm: () => ({ answer: 'all' }) } });
    await factory.create().open();
    await factory.create({ handler: { confirm: () => ({ answer: 'own' }) } }).open();
    const answers = await Promise.all(sessions.map((session) => session.callback.confirm()));
    expect(answers.map(({ answer }) => answer)).toEqual(['all', 'own']);
  });

  it.each(['separate', 'shared'] as const)('closes all its clients, with %s connections', async (connections) => {
    const { address, service } = await serve(() => echo);
    const factory = factoryFor(address, { connections });
    const clients = Array.from({ length: 5 }, () => factory.create());
    await Promise.all(clients.map((client) => client.service.echo({ text: 'a' })));
    expect((await factory.close()).map(({ kind }) => kind)).toEqual(Array(5).fill('closed'));
    expect(await factory.close()).toEqual([]);
    expect(service.sessions.size).toBe(0);
    expect(thrownBy(() => factory.create())).toMatchObject({ code: Code.FAILED_PRECONDITION });
  });

  it('makes no more clients than it may', () => {
    const factory = factoryFor('localhost:1', { maxClients: 2 });
    factory.create();
    factory.create();
    const error = thrownBy(() => factory.create());
    expect(error).toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
    expect(error).toHaveProperty('message', expect.stringContaining('maxClients'));
  });

  it.each(['separate', 'shared'] as const)('refuses a bad address at once, with %s connections', (connections) => {
    expect(thrownBy(() => createChannelFactory(Everything, { address: 'nowhere', connections }))).toMatchObject({
      code: Code.INVALID_ARGUMENT,
    });
  });
});

describe('a client reaches its service', () => {
  it('by a unix socket', async () => {
    const host = createHost();
    host.add(Everything, () => partly(echo));
    const { address } = await host.listen(`unix:${path(tmpdir(), `duplex-${process.pid}-${Date.now()}.sock`)}`);
    onTestFinished(() => void host.stop());
    await expect(join(address).client.service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'a' });
  });

  it.each(['dns:///localhost', 'ipv4:127.0.0.1'])('by a name that grpc-js resolves: %s', async (name) => {
    const { port } = await serve(() => echo);
    await expect(join(`${name}:${port}`).client.service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'a' });
  });

  it('by TLS in both directions, under the name of the certificate, wherever it dials', async () => {
    const [server, client] = [makeCertificate(), makeCertificate()];
    const pair = { private_key: server.key, cert_chain: server.cert };
    const host = createHost();
    onTestFinished(() => void host.stop());
    host.add(Everything, () => partly(echo));
    const { port } = await host.listen('localhost:0', {
      credentials: ServerCredentials.createSsl(client.cert, [pair], true),
    });
    // 127.0.0.2 is not in the certificate.
    const relay = createServer((socket) => {
      const onwards = connectSocket(port, 'localhost');
      socket.pipe(onwards).pipe(socket);
      for (const end of [socket, onwards]) end.on('error', () => {});
    }).listen(0, '127.0.0.2');
    onTestFinished(() => void relay.close());
    await new Promise((resolve) => relay.once('listening', resolve));
    const address = `127.0.0.2:${(relay.address() as { port: number }).port}`;
    const mutual = credentials.createSsl(server.cert, client.key, client.cert);
    await expect(
      join(address, { credentials: mutual, authority: 'localhost' }).client.service.echo({ text: 'a' }),
    ).resolves.toMatchObject({ text: 'a' });
    const strangers = [
      join(address, { credentials: mutual }),
      join(address, { credentials: credentials.createSsl(server.cert), authority: 'localhost' }),
    ];
    for (const { client: stranger } of strangers) {
      void stranger.open();
      expect(await stranger.closed).toMatchObject({ kind: 'unavailable' });
    }
  });

  it('with call credentials that are asked for anew on every connection', async () => {
    const cert = makeCertificate();
    const tokens: string[] = [];
    const host = createHost();
    onTestFinished(() => void host.stop());
    host.add(Everything, () => partly(echo));
    const { port } = await host.listen('localhost:0', {
      credentials: ServerCredentials.createSsl(null, [{ private_key: cert.key, cert_chain: cert.cert }]),
    });
    const proxy = await proxyTo(port);
    const token = credentials.createFromMetadataGenerator((_, callback) => {
      const metadata = new Metadata();
      tokens.push(`token ${tokens.length + 1}`);
      metadata.set('authorization', tokens.at(-1) ?? '');
      callback(null, metadata);
    });
    const { client } = join(proxy.address, {
      credentials: credentials.combineChannelCredentials(credentials.createSsl(cert.cert), token),
      authority: 'localhost',
      backoff: { firstMs: 1, maxMs: 10 },
    });
    await client.open();
    proxy.cut('end');
    proxy.restore();
    await expect(client.service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'a' });
    expect(tokens).toEqual(['token 1', 'token 2']);
  });

  it.runIf(process.platform === 'linux')('without listening anywhere: all its sockets lead outwards', async () => {
    const { address, sessions } = await serve();
    const before = listeningSockets('self').length;
    expect(before).toBeGreaterThan(0); // the host's, so the table is read rightly
    const client = new ScriptProcess('test/support/everything-client.ts', [address]);
    await client.printed('opened');
    await eventually(() => expect(sessions).toHaveLength(1));
    expect(openSockets(client.pid)).toBeGreaterThan(0);
    expect(listeningSockets(client.pid)).toEqual([]);
  });
});
