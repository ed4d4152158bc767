import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import {
  type ChannelCredentials,
  credentials,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';
import { Code, createHost, serverOptions } from 'grpc-duplex';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeCertificate } from '../support/certificate.js';
import { join, partly, serve } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { rejectionOf } from '../support/thrown-by.js';

const echo = { echo: ({ text }: { readonly text: string }) => ({ text }) };

async function expectEcho(address: string, options: { readonly credentials?: ChannelCredentials } = {}) {
  const { client } = join(address, options);
  await expect(client.service.echo({ text: address })).resolves.toMatchObject({ text: address });
  return client;
}

describe('a host listens', () => {
  it('on several addresses, unix sockets among them, and closes all', async () => {
    const folder = await mkdtemp(joinPath(tmpdir(), 'grpc-duplex-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { host, address } = await serve(() => echo);
    const second = await host.listen('127.0.0.1:0');
    const socket = await host.listen(`unix:${joinPath(folder, 'duplex.sock')}`);
    const clients = await Promise.all([expectEcho(address), expectEcho(second.address), expectEcho(socket.address)]);
    await host.stop('done');
    for (const client of clients) expect(await client.closed).toMatchObject({ kind: 'closed', message: 'done' });
    for (const where of [address, second.address, socket.address]) {
      expect(await rejectionOf(join(where).client.open())).toMatchObject({ kind: 'unavailable' });
    }
  });

  it('with TLS on one address and without on another', async () => {
    const { cert, key } = makeCertificate();
    const { host, address } = await serve(() => echo);
    const secure = await host.listen('localhost:0', {
      credentials: ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: key }]),
    });
    await expectEcho(secure.address, { credentials: credentials.createSsl(cert) });
    await expectEcho(address);
  });

  it('with TLS that a client without it, or without its authority, is refused by, typed', async () => {
    const { cert, key } = makeCertificate();
    const { host, sessions } = await serve(() => echo);
    const { address } = await host.listen('localhost:0', {
      credentials: ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: key }]),
    });
    for (const options of [{}, { credentials: credentials.createSsl(makeCertificate().cert) }]) {
      expect(await rejectionOf(join(address, options).client.open())).toMatchObject({
        kind: 'unavailable',
        code: Code.UNAVAILABLE,
      });
    }
    expect(sessions).toEqual([]);
  });

  it('with TLS in both directions: a client needs a certificate that the host knows', async () => {
    const server = makeCertificate();
    const known = makeCertificate();
    const unknown = makeCertificate();
    const { host, sessions } = await serve(() => echo);
    const { address } = await host.listen('localhost:0', {
      credentials: ServerCredentials.createSsl(
        known.cert,
        [{ cert_chain: server.cert, private_key: server.key }],
        true,
      ),
    });
    await expectEcho(address, { credentials: credentials.createSsl(server.cert, known.key, known.cert) });
    for (const refused of [
      credentials.createSsl(server.cert, unknown.key, unknown.cert),
      credentials.createSsl(server.cert),
    ]) {
      expect(await rejectionOf(join(address, { credentials: refused }).client.open())).toMatchObject({
        kind: 'unavailable',
      });
    }
    expect(sessions).toHaveLength(1);
  });
});

describe('a host that is attached to a server', () => {
  async function bind(server: Server): Promise<string> {
    onTestFinished(() => server.forceShutdown());
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('localhost:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    return `localhost:${port}`;
  }

  it('serves beside the other services of that server', async () => {
    const server = new Server(serverOptions({ 'grpc.max_connection_idle_ms': 60_000 }));
    const identity = (bytes: Buffer): Buffer => bytes;
    const pong: handleUnaryCall<Buffer, Buffer> = (_, reply) => reply(null, Buffer.from('pong'));
    server.register('/demo.Plain/Ping', pong, identity, identity, 'unary');
    const host = createHost({ health: true, reflection: true });
    host.attach(server);
    host.add(Everything, () => partly(echo));
    const address = await bind(server);
    const client = await expectEcho(address);
    const { Client } = await import('@grpc/grpc-js');
    const plain = new Client(address, credentials.createInsecure());
    onTestFinished(() => plain.close());
    const ping = new Promise((resolve, reject) =>
      plain.makeUnaryRequest('/demo.Plain/Ping', identity, identity, Buffer.alloc(0), new Metadata(), (error, reply) =>
        error ? reject(error) : resolve(reply?.toString()),
      ),
    );
    await expect(ping).resolves.toBe('pong');
    await client.close();
  });

  it('warns of a server that lacks what sessions need, and names it; of one that has it there is no word', async () => {
    const warned = once(process, 'warning');
    createHost().attach(new Server(serverOptions()));
    createHost().attach(new Server({ 'grpc.keepalive_time_ms': 1_000 }));
    const [warning] = await warned;
    expect(warning).toMatchObject({ name: 'DuplexWarning', code: 'DUPLEX_SERVER_OPTIONS' });
    expect(warning.message).toContain('without grpc.keepalive_timeout_ms, grpc.max_receive_message_length:');
    expect(warning.message).toContain('serverOptions()');
  });
});
