import { Code, type ConnectOptions } from 'grpc-duplex';
import { describe, expect, it } from 'vitest';
import { join, partly, serve } from '../support/everything.js';
import type { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { eventually, record } from '../support/observe.js';
import { becomes, proxyTo } from '../support/proxied.js';
import { rejectionOf } from '../support/thrown-by.js';

/** More than the window and the waiting line of a session take in one turn. */
const TOO_MUCH = 16_384 + 1_024 + 1;

/** A client of a service that floods a session with what must not be lost, when it is told to. */
async function evictable(options: ConnectOptions<Everything.Callbacks, Everything.Operations>) {
  const served = await serve(
    (session) =>
      partly({
        note() {
          for (let index = 0; index < TOO_MUCH; index++) session.callback.noted({ index });
        },
        ask: () => new Promise(() => {}),
        echo: ({ text }) => ({ text }),
      }),
    { slowClients: { noted: 'fail-session' }, concurrency: 'multiple' },
  );
  const joined = join(served.address, { backoff: { firstMs: 1, maxMs: 1 }, ...options });
  joined.client.callbacks.noted$.subscribe();
  await joined.client.open();
  return { ...served, ...joined };
}

describe('a client that a service ends because it is too slow', () => {
  const loss = { kind: 'lost', origin: 'remote', code: Code.RESOURCE_EXHAUSTED };
  const reason = expect.stringContaining('noted must not be lost');

  it('has lost its session: it is faulted, onError is told why, and calls reject', async () => {
    const { client, errors } = await evictable({});
    const asked = rejectionOf(client.service.ask({}));
    await client.service.note({ index: 0 });
    expect(await client.closed).toMatchObject({ ...loss, message: reason });
    expect(client.status).toBe('faulted');
    expect(errors).toMatchObject([{ error: { ...loss, message: reason } }]);
    expect(await asked).toMatchObject({ ...loss, executed: 'maybe' });
  });

  it('hears the same when it was away meanwhile', async () => {
    const { port, sessions } = await serve(() => partly({ echo: ({ text }) => ({ text }) }), {
      slowClients: { noted: 'fail-session' },
    });
    const proxy = await proxyTo(port);
    const { client, errors } = join(proxy.address, {
      backoff: { firstMs: 1, maxMs: 1 },
    });
    await client.open();
    const resuming = becomes(client, 'resuming');
    proxy.refuse();
    await resuming;
    for (let index = 0; index < TOO_MUCH; index++) sessions[0]?.callback.noted({ index });
    expect(await sessions[0]?.closed).toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
    proxy.restore();
    expect(await client.closed).toMatchObject({ kind: 'lost' });
    expect(client.status).toBe('faulted');
    expect(errors.at(-1)).toMatchObject({ error: { kind: 'lost' } });
  });

  it('opens another one with `renew`, and is told what became of the first', async () => {
    const previous: unknown[] = [];
    const { client, errors, sessions } = await evictable({
      onLost: 'renew',
      onSession: (session) => void previous.push(session.previous),
    });
    const statuses = record(client.status$);
    await client.service.note({ index: 0 });
    await eventually(() => expect(previous).toMatchObject([undefined, { ...loss, message: reason }]));
    await expect(client.service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'a' });
    expect(statuses).toEqual(['opened', 'resuming', 'opened']);
    expect(errors).toMatchObject([{ error: loss }]);
    expect(sessions).toHaveLength(2);
  });
});
