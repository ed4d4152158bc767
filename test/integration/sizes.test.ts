import { Code } from 'grpc-duplex';
import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { eventually } from '../support/observe.js';
import { rejectionOf } from '../support/thrown-by.js';

const MIB = 1024 * 1024;
const fits = new Uint8Array(MIB - 100);
const tooLarge = new Uint8Array(MIB + 1);

describe('a message over the size that the peer takes', () => {
  it('fails its own call, before anything is sent, and ends nothing', async () => {
    const { address } = await serve(() => ({ echo: ({ payload }) => ({ payload }), note: () => {} }));
    const { client, errors } = join(address);
    for (const call of [
      () => client.service.echo({ payload: tooLarge }),
      () => client.service.note({ payload: tooLarge }),
    ]) {
      const error = await rejectionOf(call());
      expect(error).toMatchObject({ code: Code.RESOURCE_EXHAUSTED, origin: 'local', executed: 'no' });
      expect(error.message).toContain(`${MIB}`);
    }
    await expect(client.service.echo({ text: 'small' })).resolves.toBeDefined();
    expect(errors).toEqual([]);
  });

  it('fails the call whose reply it is, and ends nothing', async () => {
    const { address, errors } = await serve(() => ({
      echo: ({ text }) => ({ payload: text === '' ? tooLarge : fits }),
    }));
    const { client } = join(address);
    expect(await rejectionOf(client.service.echo())).toMatchObject({ kind: 'fault', origin: 'remote' });
    expect(errors).toMatchObject([{ method: 'echo', error: { message: expect.stringContaining(`${MIB}`) } }]);
    await expect(client.service.echo({ text: 'fits' })).resolves.toBeDefined();
  });

  it('fails a callback in the same way', async () => {
    const { address, sessions } = await serve();
    const { client } = join(address, { handler: { confirm: () => ({ answer: 'x'.repeat(2 * MIB) }) } });
    await client.open();
    const [session] = sessions;
    expect(await rejectionOf(session?.callback.noted({ payload: tooLarge }) ?? Promise.resolve())).toMatchObject({
      code: Code.RESOURCE_EXHAUSTED,
    });
    expect(await rejectionOf(session?.callback.confirm() ?? Promise.resolve())).toMatchObject({
      kind: 'fault',
      origin: 'remote',
    });
    expect(client.status).toBe('opened');
  });
});

describe('large messages', () => {
  it('up to that size arrive whole, many of them, in order, both ways', async () => {
    const { address } = await serve((session) => ({
      async note({ index, payload }) {
        await session.callback.noted({ index, payload });
      },
    }));
    const { client } = join(address);
    const seen: string[] = [];
    client.callbacks.noted$.subscribe(({ index, payload }) =>
      seen.push(`${index} ${payload.length} ${payload[index]}`),
    );
    for (let index = 0; index < 20; index++) {
      const payload = fits.slice();
      payload[index] = index + 1;
      await client.service.note({ index, payload });
    }
    await client.close();
    expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => `${index} ${fits.length} ${index + 1}`));
  });

  it('do not wait for a second at each window while the service is busy with a small one', async () => {
    let handled = 0;
    const { address } = await serve(() => ({
      async note() {
        await new Promise((resolve) => setImmediate(resolve));
        handled += 1;
      },
    }));
    const { client } = join(address);
    await client.open();
    const started = process.hrtime.bigint();
    for (let index = 0; index < 24; index++) await client.service.note({ payload: fits });
    await eventually(() => expect(handled).toBe(24));
    expect(process.hrtime.bigint() - started).toBeGreaterThan(0n);
  });
});
