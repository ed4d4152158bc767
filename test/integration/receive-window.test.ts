import { connect } from 'node:http2';
import {
  ResponderBuilder,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { createHost, serverOptions } from 'grpc-duplex';
import { describe, expect, it, onTestFinished } from 'vitest';
import { join, partly, serve } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { eventually } from '../support/observe.js';

const MIB = 1024 * 1024;

/** Opens the stream of a session as any HTTP/2 client would, and waits until it may send a MiB ahead. */
async function expectRoomForOneMib(port: number): Promise<void> {
  const connection = connect(`http://localhost:${port}`);
  onTestFinished(() => connection.destroy());
  connection.on('error', () => {});
  const stream = connection.request({
    ':method': 'POST',
    ':path': `/${Everything.wireName}/Connect`,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.on('error', () => {});
  await eventually(() => {
    expect(connection.remoteSettings.initialWindowSize).toBe(MIB);
    expect(connection.state.remoteWindowSize).toBeGreaterThanOrEqual(MIB);
  });
}

/** The port of a server of somebody else with this interceptor, which a host is attached to. */
async function behind(interceptor: ServerInterceptor): Promise<number> {
  const server = new Server({ ...serverOptions(), interceptors: [interceptor] });
  const host = createHost();
  host.add(Everything, () => partly({ echo: ({ text }) => ({ text }) }));
  host.attach(server);
  onTestFinished(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync('localhost:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
}

describe('a client may send a MiB ahead, not only the 64 KiB of HTTP/2', () => {
  it('to a host that listens', async () => {
    const { port } = await serve();
    await expectRoomForOneMib(port);
  });

  it('to a server of somebody else, behind its interceptors', async () => {
    const seen: string[] = [];
    const port = await behind(({ path }, call) => {
      seen.push(path);
      return new ServerInterceptingCall(call, new ResponderBuilder().build());
    });
    await expectRoomForOneMib(port);
    const { client } = join(`localhost:${port}`);
    await expect(client.service.echo({ text: 'hi' })).resolves.toMatchObject({ text: 'hi' });
    expect(seen.length).toBeGreaterThan(1);
  });
});

it('an interceptor of the server sees the headers of a session once', async () => {
  let headers = 0;
  const responder = new ResponderBuilder().withSendMetadata((metadata, next) => {
    headers += 1;
    next(metadata);
  });
  const port = await behind((_, call) => new ServerInterceptingCall(call, responder.build()));
  const { client } = join(`localhost:${port}`);
  await client.service.echo({ text: 'hi' });
  await client.service.echo({ text: 'again' });
  expect(headers).toBe(1);
});
