import { once } from 'node:events';
import { createServer, type ServerHttp2Session } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { Code, createChannelFactory } from 'grpc-duplex';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Hello, Result, Welcome } from '../../src/gen/duplex/v1/session.js';
import { content, control, controlOf, decodeEnvelope, type Envelope, encodeEnvelope } from '../support/envelope.js';
import { join, type ServeOptions, serve } from '../support/everything.js';
import { EchoRequest } from '../support/gen/testing/v1/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred, eventually, record } from '../support/observe.js';
import { RawStream } from '../support/raw-stream.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { rejectionOf } from '../support/thrown-by.js';

/** A service that notes what it echoes, and is made when `made` is resolved. */
async function echoing(options: ServeOptions = {}, made: PromiseLike<void> | undefined = undefined) {
  const ran: string[] = [];
  const handler = { echo: ({ text }: { text: string }) => ({ text: `${text} ${ran.push(text)}` }) };
  return { ran, ...(await serve(() => (made === undefined ? handler : made.then(() => handler)), options)) };
}

/** A server written by hand, which answers each frame of a session's stream as it likes. */
async function serving(answer: (stream: ServerDuplexStream<Buffer, Buffer>, frame: Envelope) => void) {
  const frames: Envelope[] = [];
  const bytes = (buffer: Buffer): Buffer => buffer;
  const server = new Server();
  const codec = {
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  };
  const path = '/testing.v1.EverythingDuplexService/Connect';
  server.addService(
    { Connect: { path, requestStream: true, responseStream: true, ...codec } },
    {
      Connect: (stream: ServerDuplexStream<Buffer, Buffer>) =>
        stream.on('data', (buffer: Buffer) => {
          const frame = decodeEnvelope(buffer);
          frames.push(frame);
          answer(stream, frame);
        }),
    },
  );
  onTestFinished(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('localhost:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { frames, address: `localhost:${port}` };
}

const write = (stream: ServerDuplexStream<Buffer, Buffer>, envelope: Envelope): boolean =>
  stream.write(Buffer.from(encodeEnvelope(envelope)));

describe('the first call of a client goes with its Hello', () => {
  it('in one frame', async () => {
    const { address, frames } = await serving(() => {});
    join(address)
      .client.service.echo({ text: 'a' })
      .catch(() => {});
    await eventually(() => expect(frames).not.toEqual([]));
    expect(frames.map(controlOf)).toMatchObject([{ $case: 'hello' }]);
    expect(frames).toMatchObject([{ seq: 1, more: [{ callId: 1, content: { number: 102 } }] }]);
  });

  it('and what it brings comes with the Welcome, in one frame', async () => {
    const { address } = await serve(({ callback }) => ({
      echo: ({ text }) => {
        void callback.noted({ text });
        return { text };
      },
    }));
    const stream = new RawStream(address);
    const more = [{ callId: 1, content: content(102, EchoRequest, { text: 'a' }) }];
    const hello = Hello.fromPartial({ maxVersion: 1, attempt: 1, features: ['welcome-items'] });
    stream.send({ seq: 1, content: control({ $case: 'hello', value: hello }), more });
    await eventually(() => expect(stream.received).toHaveLength(1));
    expect(stream.received.map(controlOf)).toMatchObject([{ $case: 'welcome' }]);
    const items = [{ content: { number: 21 } }, { content: { number: 111 } }, { replyTo: 1 }];
    expect(stream.received).toMatchObject([{ seq: 1, ack: 1, more: items }]);
  });

  it('and those after it keep their order', async () => {
    const { address, ran } = await echoing({ concurrency: 'single' });
    const { client } = join(address);
    const answers = await Promise.all(['a', 'b', 'c'].map((text) => client.service.echo({ text })));
    expect(answers.map(({ text }) => text)).toEqual(['a 1', 'b 2', 'c 3']);
    expect(ran).toEqual(['a', 'b', 'c']);
  });

  it('of one-way calls, too', async () => {
    const notes: string[] = [];
    const { address } = await serve(() => ({ note: ({ text }) => void notes.push(text) }));
    const { client } = join(address);
    for (const text of ['a', 'b', 'c']) void client.service.note({ text });
    await client.close();
    expect(notes).toEqual(['a', 'b', 'c']);
  });

  it('and of its callbacks none is lost', async () => {
    const { address } = await serve(({ callback }) => ({
      note: ({ text }) => {
        for (const n of [1, 2, 3]) void callback.noted({ text: `${text}${n}` });
      },
    }));
    const { client } = join(address);
    const noted = record(client.callbacks.noted$);
    void client.service.note({ text: 'a' });
    await client.close();
    expect(noted.map((note) => (note === 'complete' ? note : note.text))).toEqual(['a1', 'a2', 'a3', 'complete']);
  });
});

describe('a call that went with a Hello does not run before its client is let in', () => {
  it('while the service finds out who that is', async () => {
    const known = deferred<{ id: string }>();
    const { address, ran } = await echoing({ authenticate: () => known.promise });
    const { client } = join(address);
    const answer = client.service.echo({ text: 'a' });
    await eventually(() => expect(client.status).toBe('opening'));
    expect(ran).toEqual([]);
    known.resolve({ id: 'ann' });
    expect(await answer).toMatchObject({ text: 'a 1' });
  });

  it('while what serves it is made', async () => {
    const made = deferred();
    const { address, ran, service } = await echoing({}, made.promise);
    const { client } = join(address);
    const answer = client.service.echo({ text: 'a' });
    await eventually(() => expect(service.sessions.size).toBe(1));
    expect(ran).toEqual([]);
    made.resolve();
    expect(await answer).toMatchObject({ text: 'a 1' });
  });

  it('and never that of one who is turned away: it says so', async () => {
    const { address, ran } = await echoing({ authenticate: () => undefined });
    const turnedAway = { code: Code.UNAUTHENTICATED, executed: 'no' };
    expect(await rejectionOf(join(address).client.service.echo({ text: 'a' }))).toMatchObject(turnedAway);
    expect(ran).toEqual([]);
  });

  it('and never that of one for whom there is no room', async () => {
    const { address, ran } = await echoing({ limits: { sessions: 1 } });
    await join(address).client.open();
    const refused = { code: Code.RESOURCE_EXHAUSTED, executed: 'no' };
    expect(await rejectionOf(join(address).client.service.echo({ text: 'a' }))).toMatchObject(refused);
    expect(ran).toEqual([]);
  });

  it('and never if what would serve it is not made', async () => {
    const { address } = await serve(() => Promise.reject(new Error('no database')));
    expect(await rejectionOf(join(address).client.service.echo())).toMatchObject({ executed: 'no' });
  });
});

describe('a call that went with a Hello', () => {
  it('did not run where nobody was reached', async () => {
    const { address, host } = await serve();
    await host.stop();
    const refused = { code: Code.UNAVAILABLE, executed: 'no' };
    expect(await rejectionOf(join(address).client.service.echo())).toMatchObject(refused);
    await using factory = createChannelFactory(Everything, { address, connections: 'shared' });
    const calls = [factory.create(), factory.create()].map((client) => rejectionOf(client.service.echo()));
    expect(await Promise.all(calls)).toMatchObject([refused, refused]);
    expect(await rejectionOf(join('no.such.host.invalid:1').client.service.echo())).toMatchObject(refused);
  });

  it('did not run where the time was up before a connection was made', async () => {
    // An address of the range for documentation, which nobody answers at.
    const { client } = join('192.0.2.1:1', { openTimeoutMs: 100 });
    expect(await rejectionOf(client.service.echo())).toMatchObject({ executed: 'no' });
  });

  it('may have run where the connection broke before the Welcome', async () => {
    const made = deferred();
    const { port, service } = await echoing({}, made.promise);
    const proxy = await TcpProxy.to(port);
    const answer = rejectionOf(join(proxy.address).client.service.echo({ text: 'a' }));
    await eventually(() => expect(service.sessions.size).toBe(1));
    proxy.cut();
    expect(await answer).toMatchObject({ code: Code.UNAVAILABLE, executed: 'maybe' });
  });

  it('may have run where the connection broke and its channel dials again at once', async () => {
    const made = deferred();
    const { port, service } = await echoing({}, made.promise);
    const proxy = await TcpProxy.to(port);
    const balancing = JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] });
    const { client } = join(proxy.address, { channelOptions: { 'grpc.service_config': balancing } });
    const answer = rejectionOf(client.service.echo({ text: 'a' }));
    await eventually(() => expect(service.sessions.size).toBe(1));
    proxy.cut();
    expect(await answer).toMatchObject({ code: Code.UNAVAILABLE, executed: 'maybe' });
  });

  it('may have run where its connection was shared, and the channel dialled again for another client', async () => {
    const sessions: ServerHttp2Session[] = [];
    const arrived = deferred();
    const server = createServer((request) => void request.once('data', () => arrived.resolve()));
    server.on('session', (session) => sessions.push(session));
    // It listens apart: an HTTP/2 server that is closed may close its sessions, too.
    const listening = createTcpServer((socket) => void server.emit('connection', socket));
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const { port } = listening.address() as AddressInfo;
    const known = deferred<Record<string, string>>();
    let asked = 0;
    const metadata = () => (asked++ === 0 ? {} : known.promise);
    await using factory = createChannelFactory(Everything, {
      ...{ address: `127.0.0.1:${port}`, connections: 'shared', metadata, onError: () => {} },
    });
    const [first, second] = [factory.create(), factory.create()].map((client) => rejectionOf(client.service.echo()));
    await arrived.promise;
    // The connection takes no more streams, though the first one is there; whoever dials gets no further than TCP.
    listening.close();
    sessions[0]?.goaway(0, 0x7fff_ffff);
    await new Promise((resolve) => sessions[0]?.ping(resolve));
    const silent = createTcpServer().listen(port, '127.0.0.1');
    onTestFinished(() => void silent.close());
    const dialled = once(silent, 'connection');
    known.resolve({});
    const [socket] = await dialled;
    sessions[0]?.destroy();
    expect(await first).toMatchObject({ executed: 'maybe' });
    socket.destroy();
    expect(await second).toMatchObject({ executed: 'no' });
  });

  it('may have run where the client gave up, whatever its channel is told of retries', async () => {
    const made = deferred();
    const { address, service } = await echoing({}, made.promise);
    const channelOptions = { 'grpc.enable_retries': 1, 'grpc.per_rpc_retry_buffer_size': 1_000_000 };
    const { client } = join(address, { channelOptions });
    const answer = rejectionOf(client.service.echo({ text: 'a' }));
    await eventually(() => expect(service.sessions.size).toBe(1));
    client.abort();
    expect(await answer).toMatchObject({ executed: 'maybe' });
  });

  it('did not run where the stream waited for its metadata', async () => {
    const { address } = await echoing();
    const asked = deferred();
    const metadata = (): Promise<never> => {
      asked.resolve();
      return new Promise(() => {});
    };
    const { client } = join(address, { metadata, openTimeoutMs: 50 });
    const answer = rejectionOf(client.service.echo({ text: 'a' }));
    await asked.promise;
    expect(await answer).toMatchObject({ kind: 'timeout', executed: 'no' });
  });

  it('runs once where opening is tried again', async () => {
    const { port, ran } = await echoing();
    const proxy = await TcpProxy.to(port);
    proxy.refuse(true);
    const { client } = join(proxy.address, { retryOpen: true, backoff: { firstMs: 5, maxMs: 5 } });
    const answer = client.service.echo({ text: 'a' });
    await eventually(() => expect(proxy.connections).toBeGreaterThan(2));
    proxy.refuse(false);
    expect(await answer).toMatchObject({ text: 'a 1' });
    expect(ran).toEqual(['a']);
  });

  it('is made plainly of a service that has only the plain level', async () => {
    const { address, frames } = await serving((stream, frame) => {
      if (controlOf(frame)?.$case === 'hello') {
        const value = Welcome.fromPartial({ result: Result.PLAIN, version: 1 });
        write(stream, { content: control({ $case: 'welcome', value }) });
      } else if (frame.content !== undefined && frame.callId !== undefined) {
        write(stream, { replyTo: frame.callId, content: frame.content });
      }
    });
    const { client } = join(address);
    expect(await client.service.echo({ text: 'a' })).toMatchObject({ text: 'a' });
    expect(frames.filter(({ seq }) => seq !== undefined)).toHaveLength(1);
    client.abort();
  });
});
