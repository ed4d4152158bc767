import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { credentials, ServerCredentials } from '@grpc/grpc-js';
import type { ConnectOptions } from 'grpc-duplex';
import { describe, expect, it } from 'vitest';
import { makeCertificate } from '../support/certificate.js';
import { join, type Serving, serve } from '../support/everything.js';
import { seededRandom } from '../support/faults.js';
import type { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred, eventually, record } from '../support/observe.js';
import { becomes, flap, hopTo, proxyTo, upTo } from '../support/proxied.js';

/** A service that remembers the notes it handled and reports each back. */
async function noting(): Promise<{ readonly serving: Serving; readonly handled: readonly number[] }> {
  const handled: number[] = [];
  const serving = await serve((session) => ({
    note({ index }) {
      handled.push(index);
      session.callback.noted({ index });
    },
    echo: ({ text }) => ({ text }),
  }));
  return { serving, handled };
}

/** A client of it behind a proxy, and what it saw. */
async function proxied(port: number, options?: ConnectOptions<Everything.Callbacks>) {
  const seen: number[] = [];
  const proxy = await proxyTo(port);
  const joined = join(proxy.address, options);
  joined.client.callbacks.noted$.subscribe(({ index }) => seen.push(index));
  await joined.client.open();
  return { ...joined, proxy, seen };
}

async function notingBehindProxy() {
  const { serving, handled } = await noting();
  return { ...serving, handled, ...(await proxied(serving.port)) };
}

describe('a session whose connection breaks', () => {
  it('goes on with nothing lost and nothing doubled, in both directions', async () => {
    const { client, proxy, handled, seen, errors } = await notingBehindProxy();
    for (const index of upTo(3_000)) {
      await client.service.note({ index });
      if (index % 1_000 === 500) proxy.cut();
      if (index % 20 === 0) await turn();
    }
    expect(await client.close()).toMatchObject({ kind: 'closed' });
    expect(handled).toEqual(upTo(3_000));
    expect(seen).toEqual(upTo(3_000));
    expect(errors).toEqual([]);
  });

  it('says so: opened, resuming, opened', async () => {
    const { client, proxy } = await notingBehindProxy();
    const statuses = record(client.status$);
    await flap(client, () => proxy.cut());
    expect(statuses).toEqual(['opened', 'resuming', 'opened']);
  });

  it('is the same session to the service, whose handler is made once', async () => {
    const { client, proxy, sessions, service } = await notingBehindProxy();
    await flap(client, () => proxy.cut());
    await client.service.echo({});
    expect(sessions).toHaveLength(1);
    expect([...service.sessions.values()]).toEqual(sessions);
  });

  it('goes on as well when the connection was closed in order', async () => {
    const { client, proxy } = await notingBehindProxy();
    await flap(client, () => proxy.cut('end'));
    await expect(client.service.echo({ text: 'still here' })).resolves.toMatchObject({ text: 'still here' });
  });

  it('brings the reply to a request that was pending, which ran once', async () => {
    const gate = deferred();
    let runs = 0;
    const { port } = await serve(() => ({
      async echo({ text }) {
        runs += 1;
        await gate.promise;
        return { text };
      },
    }));
    const { client, proxy } = await proxied(port);
    const reply = client.service.echo({ text: 'pending' });
    await eventually(() => expect(runs).toBe(1));
    await flap(client, () => proxy.cut());
    gate.resolve();
    await expect(reply).resolves.toMatchObject({ text: 'pending' });
    expect(runs).toBe(1);
  });

  it('brings a reply that was given while there was no connection', async () => {
    const gate = deferred();
    const runs: string[] = [];
    const { port } = await serve(() => ({
      echo({ text }) {
        runs.push(text);
        return gate.promise.then(() => ({ text }));
      },
    }));
    const { client, proxy } = await proxied(port);
    const reply = client.service.echo({ text: 'meanwhile' });
    await eventually(() => expect(runs).toEqual(['meanwhile']));
    const resuming = becomes(client, 'resuming');
    proxy.refuse();
    await resuming;
    gate.resolve();
    await turn();
    proxy.restore();
    await expect(reply).resolves.toMatchObject({ text: 'meanwhile' });
  });

  it('brings the answer to a callback that was pending, which was asked once', async () => {
    const gate = deferred();
    let asked = 0;
    const { port } = await serve((session) => ({
      async ask({ question }) {
        const { answer } = await session.callback.confirm({ question });
        return { answer };
      },
    }));
    const confirm = async (): Promise<{ answer: string }> => {
      asked += 1;
      await gate.promise;
      return { answer: 'yes' };
    };
    const { client, proxy } = await proxied(port, { handler: { confirm } });
    const reply = client.service.ask({ question: 'well?' });
    await eventually(() => expect(asked).toBe(1));
    await flap(client, () => proxy.cut());
    gate.resolve();
    await expect(reply).resolves.toEqual({ answer: 'yes' });
    expect(asked).toBe(1);
  });

  it('emits its state afterwards only if that changed', async () => {
    const { port, sessions } = await serve();
    const { client, proxy } = await proxied(port);
    const states: string[] = [];
    client.state$.subscribe(({ last }) => states.push(last));
    await eventually(() => expect(states).toEqual(['']));
    const [session] = sessions as [Everything.Session];

    await flap(client, () => proxy.cut());
    session.state.update(() => ({ last: 'after' }));
    await eventually(() => expect(states).toEqual(['', 'after']));

    const resuming = becomes(client, 'resuming');
    proxy.refuse();
    await resuming;
    session.state.update(() => ({ last: 'meanwhile' }));
    proxy.restore();
    await eventually(() => expect(states).toEqual(['', 'after', 'meanwhile']));
  });

  it('takes calls meanwhile, and delivers them in order once it goes on', async () => {
    const { client, proxy, handled, seen } = await notingBehindProxy();
    await client.service.note({ index: 0 });
    const resuming = becomes(client, 'resuming');
    proxy.refuse();
    await resuming;
    for (const index of [1, 2, 3]) await client.service.note({ index });
    const reply = client.service.echo({ text: 'last' });
    expect(handled).not.toContain(1);
    proxy.restore();
    await expect(reply).resolves.toMatchObject({ text: 'last' });
    expect(handled).toEqual([0, 1, 2, 3]);
    // A callback that was sent before a reply is seen before it.
    expect(seen).toEqual([0, 1, 2, 3]);
  });
});

describe('a session goes on', () => {
  it('although not one message was ever sent', async () => {
    const { port } = await serve(() => ({ echo: ({ text }) => ({ text }) }));
    const proxy = await proxyTo(port);
    const { client } = join(proxy.address);
    await client.open();
    for (const _ of upTo(3)) await flap(client, () => proxy.cut());
    await expect(client.service.echo({ text: 'first' })).resolves.toMatchObject({ text: 'first' });
  });

  it('after it was idle long enough for every acknowledgement and several heartbeats', async () => {
    const { port } = await serve(() => ({ echo: ({ text }) => ({ text }) }), { pingMs: 200 });
    const { client, proxy } = await proxied(port, { pingMs: 200 });
    await client.service.echo({ text: 'before' });
    await sleep(1_300);
    await flap(client, () => proxy.cut());
    await expect(client.service.echo({ text: 'after' })).resolves.toMatchObject({ text: 'after' });
  });

  it('although its first Welcome was lost, and the service knows it only once', async () => {
    const { serving, handled } = await noting();
    const hop = await hopTo(serving.port);
    const { client } = join(hop.address, { retryOpen: true });
    hop.withhold({ down: true });
    const opened = client.open();
    client.service.note({ index: 0 });
    await eventually(() => expect(serving.sessions).toHaveLength(1));
    hop.cut();
    hop.restore();
    await opened;
    await client.close();
    expect(handled).toEqual([0]);
    expect(serving.sessions).toHaveLength(1);
  });

  it('after fifty cuts under load', async () => {
    const { client, proxy, handled, seen, errors } = await notingBehindProxy();
    const random = seededRandom(50);
    let sent = 0;
    let flaps = 0;
    const flapping = (async () => {
      for (; flaps < 50; flaps++) await flap(client, () => proxy.cut(random() < 0.5 ? 'reset' : 'end'));
    })();
    while (flaps < 50) {
      await client.service.note({ index: sent++ });
      if (random() < 0.1) await turn();
    }
    await flapping;
    await client.close();
    expect(handled).toEqual(upTo(sent));
    expect(seen).toEqual(upTo(sent));
    expect(errors).toEqual([]);
  });

  it('whatever a bad network does, during the handshake too', async () => {
    const { client, proxy, handled, seen, errors } = await notingBehindProxy();
    const calm = proxy.unleash({ seed: 7, everyMs: 40 });
    const until = performance.now() + 3_000;
    let sent = 0;
    while (performance.now() < until) {
      await client.service.note({ index: sent++ });
      if (sent % 50 === 0) await sleep(1);
    }
    await calm();
    expect(await client.close()).toMatchObject({ kind: 'closed' });
    expect(handled).toEqual(upTo(sent));
    expect(seen).toEqual(upTo(sent));
    expect(errors).toEqual([]);
  });

  it('after bits were changed on the way, where TLS notices', async () => {
    const { serving, handled } = await noting();
    const { cert, key } = makeCertificate();
    const pair = { cert_chain: cert, private_key: key };
    const { port } = await serving.host.listen('127.0.0.1:0', {
      credentials: ServerCredentials.createSsl(null, [pair]),
    });
    const { client, proxy, seen, errors } = await proxied(port, {
      credentials: credentials.createSsl(cert),
      channelOptions: { 'grpc.ssl_target_name_override': 'localhost', 'grpc.default_authority': 'localhost' },
    });
    for (const index of upTo(6)) {
      const resuming = becomes(client, 'resuming');
      proxy.corrupt(index % 2 === 0 ? { up: true } : { down: true });
      await client.service.note({ index });
      await resuming;
      if (client.status !== 'opened') await becomes(client, 'opened');
    }
    await client.close();
    expect(handled).toEqual(upTo(6));
    expect(seen).toEqual(upTo(6));
    expect(errors).toEqual([]);
  });
});
