import { Server, ServerCredentials } from '@grpc/grpc-js';
import { Code, connect, createHost, serverOptions } from 'grpc-duplex';
import { describe, expect, it, onTestFinished } from 'vitest';
import { join, partly, serve } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { Other } from '../support/gen/testing/v1/other_duplex.js';
import { deferred, eventually, record } from '../support/observe.js';
import { RawStream } from '../support/raw-stream.js';
import { rejectionOf, thrownBy } from '../support/thrown-by.js';
import { VirtualClock } from '../support/virtual-clock.js';

describe('a host that stops', () => {
  it('closes every session in order: what runs is finished, what was sent arrives', async () => {
    const gate = deferred();
    const started = deferred();
    const { address, host } = await serve((session) => ({
      async ask() {
        started.resolve();
        await gate.promise;
        session.callback.noted({ index: 1 });
        return { answer: 'done' };
      },
    }));
    const { client } = join(address);
    const notes = record(client.callbacks.noted$);
    const idle = join(address).client;
    await idle.open();
    const reply = client.service.ask();
    await started.promise;
    const stopped = host.stop('update');
    gate.resolve();
    await expect(reply).resolves.toEqual({ answer: 'done' });
    await stopped;
    for (const end of [await client.closed, await idle.closed]) {
      expect(end).toMatchObject({ kind: 'closed', origin: 'remote', message: 'update' });
    }
    expect(notes).toMatchObject([{ index: 1 }, 'complete']);
  });

  it('takes no new sessions, typed, while it closes the others', async () => {
    const gate = deferred();
    const started = deferred();
    const { address, host } = await serve(() => ({
      async echo({ text }) {
        started.resolve();
        await gate.promise;
        return { text };
      },
    }));
    const { client } = join(address);
    const reply = client.service.echo();
    await started.promise;
    const stopped = host.stop();
    expect(await rejectionOf(join(address).client.open())).toMatchObject({
      kind: 'unavailable',
      code: Code.UNAVAILABLE,
    });
    gate.resolve();
    await reply;
    await stopped;
  });

  it('cuts what does not finish within the close time-out', async () => {
    const started = deferred();
    const { address, host, sessions } = await serve(
      () => ({
        echo() {
          started.resolve();
          return new Promise(() => {});
        },
      }),
      { closeTimeoutMs: 100 },
    );
    // Time stands still for the client: it has to be told.
    const { client } = join(address, { clock: new VirtualClock() });
    const reply = rejectionOf(client.service.echo());
    await started.promise;
    await host.stop();
    expect(await sessions[0]?.closed).toMatchObject({ kind: 'timeout' });
    await eventually(() => expect(client.status).toMatch(/closed|faulted/));
    expect(await reply).toMatchObject({ executed: 'maybe' });
    expect(await client.closed).toMatchObject({ origin: 'remote' });
  });

  it('cuts what does not finish within the time that the stop gives, and counts', async () => {
    const started = deferred();
    const { address, host } = await serve(() => ({
      ask() {
        started.resolve();
        return new Promise(() => {});
      },
    }));
    const busy = join(address).client;
    const idle = join(address).client;
    await idle.open();
    const notes = record(busy.callbacks.noted$);
    const reply = rejectionOf(busy.service.ask());
    await started.promise;
    await expect(host.stop('update', { drainMs: 50 })).resolves.toEqual({ closed: 1, aborted: 1 });
    expect(await reply).toMatchObject({ executed: 'maybe', code: Code.UNAVAILABLE });
    expect(await busy.closed).toMatchObject({ origin: 'remote', code: Code.UNAVAILABLE });
    expect((await busy.closed).message).toContain('update; it did not finish within 50 ms');
    expect(await idle.closed).toMatchObject({ kind: 'closed', message: 'update' });
    expect(notes.at(-1)).toBe('complete');
  });

  it('stops at the end of its block', async () => {
    let client: Everything.Client | undefined;
    {
      await using host = createHost();
      host.add(Everything, () => partly({}));
      const { address } = await host.listen('localhost:0');
      client = join(address).client;
      await client.open();
    }
    expect(await client.closed).toMatchObject({ kind: 'closed', origin: 'remote' });
  });

  it.each([0, 1])('closes its connections whether grpc-js counts them or not: %d', async (counts) => {
    const { address, host, port } = await serve(() => ({}), { serverOptions: { 'grpc.enable_channelz': counts } });
    const raw = new RawStream(address);
    await raw.greet();
    await host.stop('update', { drainMs: 50 });
    await expect(raw.status).resolves.toBeDefined();
    const again = createHost();
    onTestFinished(async () => void (await again.stop()));
    await expect(again.listen(`localhost:${port}`)).resolves.toMatchObject({ port });
  });

  it('ends sessions that are not open yet, too', async () => {
    const { address, host, service } = await serve(() => new Promise(() => {}));
    const { client } = join(address);
    const opened = rejectionOf(client.open());
    await eventually(() => expect(service.sessions.size).toBe(1));
    const silent = new RawStream(address);
    await host.stop();
    expect(await opened).toMatchObject({ kind: expect.stringMatching(/^(unavailable|closed|refused)$/) });
    expect((await silent.status).code).not.toBe(Code.OK);
  });

  it('may be told so before it has begun, and again and again', async () => {
    const host = createHost();
    await host.stop();
    await host.stop();
    await host[Symbol.asyncDispose]();
  });
});

describe('a host', () => {
  it('serves several contracts at one address', async () => {
    const host = createHost();
    onTestFinished(() => void host.stop());
    host.add(Everything, () => partly({ echo: ({ text }) => ({ text }) }));
    const { address } = await host.listen('localhost:0');
    host.add(Other, () => ({ repeat: ({ text }) => ({ text: `${text}${text}` }) }));
    const other = connect(Other, address);
    onTestFinished(() => other.abort());
    await expect(other.service.repeat({ text: 'a' })).resolves.toEqual({ text: 'aa' });
    await expect(join(address).client.service.echo({ text: 'b' })).resolves.toMatchObject({ text: 'b' });
  });

  it('serves a contract once: a second time is an error that names it', async () => {
    const { host } = await serve();
    const error = thrownBy(() => host.add(Everything, () => partly({})));
    expect(error).toMatchObject({ code: Code.ALREADY_EXISTS });
    expect(error).toHaveProperty('message', expect.stringContaining('testing.v1.EverythingDuplexService'));
  });

  it('takes part in a server of somebody else, beside its services, and leaves it running', async () => {
    const server = new Server(serverOptions());
    onTestFinished(() => server.forceShutdown());
    const host = createHost();
    host.add(Everything, () => partly({ echo: ({ text }) => ({ text }) }));
    host.attach(server);
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('localhost:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    const { client } = join(`localhost:${port}`);
    await expect(client.service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'a' });
    await host.stop('moved');
    expect(await client.closed).toMatchObject({ kind: 'closed', message: 'moved' });
    expect(await rejectionOf(join(`localhost:${port}`).client.open())).toMatchObject({ code: Code.UNAVAILABLE });
  });
});
