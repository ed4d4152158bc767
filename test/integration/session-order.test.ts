import { Code, connect, createHost, type MethodInfo } from 'grpc-duplex';
import { describe, expect, it, onTestFinished } from 'vitest';
import { join, partly, serve } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred } from '../support/observe.js';
import { rejectionOf } from '../support/thrown-by.js';

/** The contract as somebody has it who does not know what may come first or last, or who says it of more methods. */
function changed(change: (method: MethodInfo) => Partial<MethodInfo>): typeof Everything {
  const apply = (method: MethodInfo): MethodInfo => ({ ...method, ...change(method) });
  return { ...Everything, operations: Everything.operations.map(apply), callbacks: Everything.callbacks.map(apply) };
}

const carefree = changed(() => ({ initiating: true, terminating: false }));

const handler = partly({
  note: () => {},
  echo: ({ text }) => ({ text }),
  continue: () => ({}),
  finish: () => ({ counter: 7n }),
});

describe('an operation that cannot be the first of a session', () => {
  it('fails at the client before anything is sent, and runs after another', async () => {
    const { address, errors } = await serve(() => handler);
    const { client } = join(address);
    expect(await rejectionOf(client.service.continue())).toMatchObject({
      code: Code.FAILED_PRECONDITION,
      origin: 'local',
      executed: 'no',
      message: expect.stringContaining('continue cannot be the first call of a session'),
    });
    await client.service.note();
    await expect(client.service.continue()).resolves.toEqual({});
    expect(errors).toEqual([]);
  });

  it('fails at the service, too, for a client that does not know better', async () => {
    const { address } = await serve(() => handler);
    const client = connect(carefree, address);
    onTestFinished(() => client.abort());
    expect(await rejectionOf(client.service.continue())).toMatchObject({
      code: Code.FAILED_PRECONDITION,
      origin: 'remote',
    });
    await client.service.echo();
    await expect(client.service.continue()).resolves.toEqual({});
  });
});

describe('a terminating operation', () => {
  it('is the last one: its reply arrives, then the session closes in order', async () => {
    const { address, sessions } = await serve(() => handler);
    const { client } = join(address);
    const reply = client.service.finish();
    expect(await rejectionOf(client.service.echo())).toMatchObject({
      code: Code.FAILED_PRECONDITION,
      origin: 'local',
      message: expect.stringContaining('finish was the last call of this session'),
    });
    await expect(reply).resolves.toEqual({ counter: 7n });
    expect(await client.closed).toMatchObject({ kind: 'closed', code: Code.OK });
    expect(await sessions[0]?.closed).toMatchObject({ kind: 'closed', code: Code.OK });
    expect(client.status).toBe('closed');
  });

  it('closes the session although the client does not know that it does, and runs nothing after it', async () => {
    const running = deferred();
    const { address } = await serve(() => ({
      ...handler,
      finish: async () => {
        await running.promise;
        return {};
      },
    }));
    const client = connect(carefree, address);
    onTestFinished(() => client.abort());
    const reply = client.service.finish();
    const late = rejectionOf(client.service.echo());
    expect(await late).toMatchObject({ code: Code.FAILED_PRECONDITION, origin: 'remote' });
    running.resolve();
    await expect(reply).resolves.toEqual({ counter: 0n });
    expect(await client.closed).toMatchObject({ kind: 'closed', code: Code.OK });
  });

  it('closes the session although it fails', async () => {
    const { address } = await serve(() => ({
      finish: () => {
        throw new Error('no');
      },
    }));
    const { client } = join(address);
    expect(await rejectionOf(client.service.finish())).toMatchObject({ code: Code.INTERNAL });
    expect(await client.closed).toMatchObject({ kind: 'closed' });
  });
});

describe('callbacks', () => {
  it('obey the same rules', async () => {
    const contract = changed(({ localName }) => ({
      initiating: localName !== 'noted',
      terminating: localName === 'confirm',
    }));
    const host = createHost();
    onTestFinished(() => void host.stop());
    const service = host.add(contract, () => handler);
    const { address } = await host.listen('localhost:0');
    const client = connect(contract, address, { handler: { confirm: () => ({ answer: 'last' }), noted: () => {} } });
    onTestFinished(() => client.abort());
    await client.open();
    const [session] = service.sessions.values();
    await expect(session?.callback.noted()).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION, origin: 'local' });
    await session?.callback.progressed();
    await session?.callback.noted();
    await expect(session?.callback.confirm()).resolves.toMatchObject({ answer: 'last' });
    await expect(session?.callback.noted()).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION });
    expect(await client.closed).toMatchObject({ kind: 'closed', code: Code.OK });
    expect(await session?.closed).toMatchObject({ kind: 'closed', code: Code.OK });
  });
});
