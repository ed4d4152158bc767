import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { type Deferred, deferred, eventually } from '../support/observe.js';
import { TcpProxy } from '../support/tcp-proxy.js';

/** A service whose echoes end when the test says so, by their texts. */
async function gated(concurrency?: 'single' | 'multiple') {
  const log: string[] = [];
  const gates = new Map<string, Deferred<void>>();
  const serving = await serve(
    () => ({
      async echo({ text }) {
        log.push(`${text} begins`);
        const gate = deferred();
        gates.set(text, gate);
        await gate.promise;
        log.push(`${text} ends`);
        return { text };
      },
      note: ({ index }) => void log.push(`note ${index}`),
    }),
    concurrency === undefined ? {} : { concurrency },
  );
  return { ...serving, log, end: (text: string) => gates.get(text)?.resolve() };
}

describe('the operations of one session', () => {
  it('run one after another unless the service says otherwise', async () => {
    const { address, log, end } = await gated();
    const { client } = join(address);
    const replies = ['a', 'b', 'c'].map((text) => client.service.echo({ text }));
    client.service.note({ index: 1 });
    for (const text of ['a', 'b', 'c']) {
      await eventually(() => expect(log.at(-1)).toBe(`${text} begins`));
      end(text);
    }
    await Promise.all(replies);
    await eventually(() => expect(log).toHaveLength(7));
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends', 'note 1']);
  });

  it('run side by side where the service says so, and are answered as they end', async () => {
    const { address, log, end } = await gated('multiple');
    const { client } = join(address);
    const answered: string[] = [];
    const replies = ['a', 'b', 'c'].map((text) => client.service.echo({ text }).then(() => answered.push(text)));
    await eventually(() => expect(log).toEqual(['a begins', 'b begins', 'c begins']));
    for (const text of ['c', 'a', 'b']) {
      end(text);
      await eventually(() => expect(answered.at(-1)).toBe(text));
    }
    await Promise.all(replies);
    expect(answered).toEqual(['c', 'a', 'b']);
  });

  it('run side by side up to 256, the others wait', async () => {
    let running = 0;
    const gate = deferred();
    const { address } = await serve(
      () => ({
        async echo({ text }) {
          running += 1;
          await gate.promise;
          return { text };
        },
      }),
      { concurrency: 'multiple' },
    );
    const { client } = join(address);
    const replies = Promise.all(Array.from({ length: 300 }, (_, index) => client.service.echo({ text: `${index}` })));
    await eventually(() => expect(running).toBe(256));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(running).toBe(256);
    gate.resolve();
    expect((await replies).map(({ text }) => text)).toEqual(Array.from({ length: 300 }, (_, index) => `${index}`));
  });

  it('do not keep those of another session waiting', async () => {
    const { address, log, end } = await gated();
    const [first, second] = [join(address).client, join(address).client];
    const slow = first.service.echo({ text: 'slow' });
    await eventually(() => expect(log).toEqual(['slow begins']));
    const fast = second.service.echo({ text: 'fast' });
    await eventually(() => expect(log).toContain('fast begins'));
    end('fast');
    await expect(fast).resolves.toMatchObject({ text: 'fast' });
    end('slow');
    await slow;
  });

  it('that queue behind a slow one do not cost the session its life', async () => {
    const { port, log, end } = await gated();
    const proxy = await TcpProxy.to(port);
    const { client, errors } = join(proxy.address, { pingMs: 40, pingTimeoutMs: 40 });
    const replies = Array.from({ length: 20 }, (_, index) => client.service.echo({ text: `${index}` }));
    await eventually(() => expect(log).toEqual(['0 begins']));
    // There is nothing but heartbeats, and they go on for several times as long as would end the session.
    const { arrivals } = proxy;
    await eventually(() => expect(proxy.arrivals).toBeGreaterThan(arrivals + 20));
    expect(client.status).toBe('opened');
    expect(proxy.connections).toBe(1);
    for (let index = 0; index < 20; index++) {
      await eventually(() => expect(log.at(-1)).toBe(`${index} begins`));
      end(`${index}`);
    }
    await Promise.all(replies);
    expect(errors).toEqual([]);
  });
});

describe('two sessions', () => {
  it('know nothing of each other: neither callbacks, nor state, nor what ends one of them', async () => {
    const { address, sessions } = await serve((session) => ({
      note({ index, text }) {
        session.state.update(({ counter }) => ({ counter: counter + 1n, last: text }));
        session.callback.noted({ index, text });
      },
    }));
    const first = join(address).client;
    const second = join(address).client;
    const seen: string[] = [];
    first.callbacks.noted$.subscribe(({ text }) => seen.push(`first: ${text}`));
    await first.open();
    second.callbacks.noted$.subscribe(({ text }) => seen.push(`second: ${text}`));
    await second.open();
    await first.service.note({ text: 'a' });
    await eventually(() => expect(seen).toEqual(['first: a']));
    await first.close();
    await second.service.note({ text: 'b' });
    await eventually(() => expect(seen).toEqual(['first: a', 'second: b']));
    expect(sessions.map(({ state }) => state.value)).toEqual([
      { counter: 1n, last: 'a' },
      { counter: 1n, last: 'b' },
    ]);
    expect(second.status).toBe('opened');
    expect(new Set(sessions.map(({ id }) => id)).size).toBe(2);
  });
});
