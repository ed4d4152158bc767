import { Code, createHost, type Host, type Instancing } from 'grpc-duplex';
import { describe, expect, it } from 'vitest';
import { join, partly, type Reported } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred, eventually } from '../support/observe.js';
import { rejectionOf } from '../support/thrown-by.js';

const instancings = ['per-session', 'per-call', 'single'] as const;

async function serving(instancing: Instancing, make: () => unknown) {
  const errors: Reported[] = [];
  const host = createHost({ onError: (error, source) => errors.push({ error, ...source }) });
  host.add(Everything, make as () => Everything.Handler, { instancing });
  const { address } = await host.listen('localhost:0');
  return { host, address, errors, client: join(address).client };
}

async function listensAgain(address: string): Promise<Host> {
  const host = createHost();
  await host.listen(address);
  return host;
}

describe('a host that stops', () => {
  it.each(instancings)('waits until what served its sessions is disposed of: %s', async (instancing) => {
    const gate = deferred();
    const log: string[] = [];
    const { host, client, errors } = await serving(instancing, () => ({
      ...partly({ echo: ({ text }) => ({ text }) }),
      async [Symbol.asyncDispose]() {
        log.push('begun');
        await gate.promise;
        log.push('done');
      },
    }));
    await client.service.echo();
    const stopped = host.stop().then(() => log.push('stopped'));
    await eventually(() => expect(log).toEqual(['begun']));
    await client.closed;
    gate.resolve();
    await stopped;
    expect(log).toEqual(['begun', 'done', 'stopped']);
    expect(errors).toEqual([]);
    expect(host.counters.instances).toBe(0);
  });

  it.each(instancings)('waits for a disposal no longer than it may, and tells of it: %s', async (instancing) => {
    const { host, client, address, errors } = await serving(instancing, () => ({
      ...partly({ echo: ({ text }) => ({ text }) }),
      [Symbol.asyncDispose]: () => new Promise(() => {}),
    }));
    await client.service.echo();
    await client.close();
    await expect(host.stop('', { drainMs: 50 })).resolves.toBeDefined();
    expect(errors).toMatchObject([{ error: { kind: 'timeout', code: Code.DEADLINE_EXCEEDED } }]);
    expect(errors[0]?.error.message).toContain(
      'the host stops while 1 of the objects that serve testing.v1.EverythingService are still being made or disposed of',
    );
    await (await listensAgain(address)).stop();
  });

  it.each(['per-session', 'single'] as const)('waits no longer for a factory: %s', async (instancing) => {
    let made = 0;
    const { host, client, address, errors } = await serving(instancing, () => {
      made += 1;
      return new Promise(() => {});
    });
    const opened = rejectionOf(client.open());
    await eventually(() => expect(made).toBe(1));
    await host.stop('', { drainMs: 50 });
    await expect(opened).resolves.toMatchObject({ code: Code.UNAVAILABLE });
    expect(errors).toMatchObject([{ error: { kind: 'timeout' } }]);
    await (await listensAgain(address)).stop();
  });

  it.each(['per-session', 'single'] as const)('does not fail because a factory does: %s', async (instancing) => {
    const gate = deferred();
    let made = 0;
    const { host, client, address, errors } = await serving(instancing, async () => {
      made += 1;
      await gate.promise;
      throw new Error('no database');
    });
    const opened = rejectionOf(client.open());
    await eventually(() => expect(made).toBe(1));
    const stopped = host.stop();
    gate.resolve();
    await expect(stopped).resolves.toBeDefined();
    await opened;
    await (await listensAgain(address)).stop();
    expect(errors.map(({ error }) => error.message).filter((text) => text.includes('objects that serve'))).toEqual([]);
  });
});

describe('a factory that makes nothing', () => {
  it.each(instancings)('is refused by name, and nothing of it stays: %s', async (instancing) => {
    for (const [nothing, shown] of [
      [undefined, 'undefined'],
      [null, 'null'],
      [5, '5'],
      [Promise.resolve(), 'undefined'],
    ] as const) {
      let made = 0;
      const { host, client, errors } = await serving(instancing, () => {
        made += 1;
        return nothing;
      });
      const error = await rejectionOf(client.service.echo());
      expect(error).toMatchObject({ code: Code.INTERNAL, message: expect.stringMatching(/internal error/) });
      expect(errors[0]?.error.message).toContain(
        `what the factory of testing.v1.EverythingService returned is ${shown}: write \`return\` and an object`,
      );
      expect(made).toBe(1);
      await eventually(() => expect(host.counters.instances).toBe(0));
      client.abort();
      await host.stop();
    }
  });
});
