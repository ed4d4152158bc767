import { once } from 'node:events';
import {
  Metadata,
  ResponderBuilder,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
  type ServerOptions,
} from '@grpc/grpc-js';
import { createHost, serverOptions } from 'grpc-duplex';
import { describe, expect, it, onTestFinished } from 'vitest';
import { join, partly } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';

/** The address of a server of somebody else, made with these options, which a host is attached to. */
async function attached(options: ServerOptions): Promise<string> {
  const server = new Server(options);
  const host = createHost();
  host.add(Everything, () => partly({ echo: ({ text }) => ({ text }) }));
  host.attach(server);
  onTestFinished(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('localhost:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return `localhost:${port}`;
}

/** What an interceptor has seen of the streams of sessions. */
function spy() {
  const seen: string[] = [];
  const interceptor: ServerInterceptor = (_, call) =>
    new ServerInterceptingCall(
      call,
      new ResponderBuilder()
        .withStart((next) =>
          next(
            new ServerListenerBuilder()
              .withOnReceiveMetadata((metadata, go) => {
                seen.push('metadata in');
                // As one that looks something up before it lets a stream in.
                setImmediate(() => go(metadata));
              })
              .withOnReceiveMessage((message, go) => {
                seen.push('frame in');
                go(message);
              })
              .build(),
          ),
        )
        .withSendMetadata((metadata, go) => {
          seen.push('metadata out');
          go(metadata);
        })
        .withSendMessage((message, go) => {
          seen.push('frame out');
          go(message);
        })
        .build(),
    );
  return { seen, interceptor };
}

describe('interceptors of a grpc-js server that a host is attached to see what goes over the streams of sessions', () => {
  it.each([
    ['given to serverOptions', (interceptor: ServerInterceptor) => serverOptions({ interceptors: [interceptor] })],
    ['given beside them', (interceptor: ServerInterceptor) => ({ ...serverOptions(), interceptors: [interceptor] })],
    [
      'put behind its own',
      (interceptor: ServerInterceptor) => {
        const options = serverOptions();
        return { ...options, interceptors: [...(options.interceptors ?? []), interceptor] };
      },
    ],
  ])('when they are %s', async (_, options) => {
    const { seen, interceptor } = spy();
    const { client } = join(await attached(options(interceptor)));
    await expect(client.service.echo({ text: 'hi' })).resolves.toMatchObject({ text: 'hi' });
    expect(seen[0]).toBe('metadata in');
    expect(seen.filter((what) => what === 'metadata out')).toHaveLength(1);
    expect(new Set(seen)).toEqual(new Set(['metadata in', 'frame in', 'metadata out', 'frame out']));
  });

  it('and may turn a stream away', async () => {
    const interceptor: ServerInterceptor = (_, call) =>
      new ServerInterceptingCall(
        call,
        new ResponderBuilder()
          .withStart(() => call.sendStatus({ code: 7, details: 'not today', metadata: new Metadata() }))
          .build(),
      );
    const { client } = join(await attached(serverOptions({ interceptors: [interceptor] })));
    await expect(client.open()).rejects.toMatchObject({ code: 7, message: expect.stringContaining('not today') });
  });

  it('and may hold frames back: what a session ends with arrives behind them', async () => {
    const interceptor: ServerInterceptor = (_, call) =>
      new ServerInterceptingCall(
        call,
        new ResponderBuilder().withSendMessage((message, go) => void setTimeout(go, 20, message)).build(),
      );
    const { client } = join(await attached(serverOptions({ interceptors: [interceptor] })));
    await expect(client.service.echo({ text: 'hi' })).resolves.toMatchObject({ text: 'hi' });
    void client.close();
    expect(await client.closed).toMatchObject({ kind: 'closed', code: 0 });
  });

  it('and may look at the metadata of a status, or fail on it, and nothing else fails', async () => {
    const warned = once(process, 'warning');
    const statuses: string[] = [];
    const interceptor: ServerInterceptor = (_, call) =>
      new ServerInterceptingCall(
        call,
        new ResponderBuilder()
          .withSendStatus((status, go) => {
            status.metadata?.set('seen', 'yes');
            statuses.push(`${status.code} ${status.metadata?.get('seen')}`);
            if (statuses.length === 2) throw new Error('the interceptor failed');
            go(status);
          })
          .build(),
      );
    const address = await attached(serverOptions({ interceptors: [interceptor] }));
    for (const _ of ['the first', 'the second']) {
      const { client } = join(address, { closeTimeoutMs: 200 });
      await client.open();
      void client.close();
      await client.closed;
    }
    expect(statuses).toEqual(['0 yes', '0 yes']);
    expect((await warned)[0]).toMatchObject({
      code: 'DUPLEX_STATUS_NOT_SENT',
      message: expect.stringContaining('the interceptor failed'),
    });
  });
});
