import type { Call, CallOptions } from 'grpc-duplex';
import { type TestLink, testLink } from 'grpc-duplex/testing';
import { describe, expect, it } from 'vitest';
import { partly } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred } from '../support/observe.js';
import { rejectionOf } from '../support/thrown-by.js';

type Service = Everything.Client['service'];
/** Makes a call, and ends as it ends. */
type Make = (service: Service, options: CallOptions) => PromiseLike<unknown>;

/** Every way to make a call that has an answer. */
const answered: readonly [shape: string, make: Make][] = [
  ['echo', (service, options) => service.echo({}, options)],
  ['sum', (service, options) => service.sum([{ value: 1 }], options)],
  ['count', (service, options) => service.count({}, options).forEach(() => {})],
  ['count', (service, options) => taken(service.count({}, options))],
  ['chat', (service, options) => service.chat([{ text: 'a' }], options).forEach(() => {})],
  ['chat', (service, options) => taken(service.chat([{ text: 'a' }], options))],
];

async function taken(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

/** What a handler saw of a call: its name, its header, how long its caller waits. */
type Seen = readonly [method: string, tenant: unknown, remainingMs: number | undefined];

/** A link whose calls wait for `ready`: for the first session, or for the next one. */
async function waiting(when: 'connecting' | 'renewing') {
  const ready = deferred();
  const seen: Seen[] = [];
  const see = <Result>({ method, headers, deadline }: Call, result: Result): Result => {
    const remainingMs = deadline && Math.round(deadline.getTime() - Date.now());
    seen.push([method, headers.get('tenant'), remainingMs]);
    return result;
  };
  const serving = partly({
    note: (_, call) => see(call, undefined),
    echo: (_, call) => see(call, {}),
    sum: (_, call) => see(call, {}),
    count: (_, call) => see(call, []),
    chat: (_, call) => see(call, []),
  });
  let sessions = 0;
  const link: TestLink<Everything.Operations, Everything.Callbacks, Everything.State> = await testLink(
    Everything,
    () => serving,
    {
      client: {
        onLost: 'renew',
        onSession: () => (++sessions === (when === 'connecting' ? 1 : 2) ? ready.promise : undefined),
      },
      host: { resumeWindowMs: 10_000 },
    },
  );
  if (when === 'renewing') {
    await link.client.open();
    link.cut();
    await link.clock.advance(10_001);
    link.restore();
    await link.settle();
  }
  return { link, ready, seen };
}

describe.each(['connecting', 'renewing'] as const)('a call that waits while the client is %s', (when) => {
  it('takes its headers along, if it is one-way', async () => {
    const { link, ready, seen } = await waiting(when);
    await using _ = link;
    const sent = link.client.service.note({}, { headers: { tenant: 'acme' } });
    ready.resolve();
    await sent;
    await link.settle();
    expect(seen).toEqual([['note', 'acme', undefined]]);
  });

  it.each(answered)('takes its headers along, and what is left of its time: %s', async (method, make) => {
    const { link, ready, seen } = await waiting(when);
    await using _ = link;
    const call = make(link.client.service, { headers: { tenant: 'acme' }, timeoutMs: 30_000 });
    await link.clock.advance(10_000);
    ready.resolve();
    await link.settle();
    await call;
    expect(seen).toMatchObject([[method, 'acme', expect.any(Number)]]);
    // By the wall clock, which goes on beside the test's.
    expect(Math.abs((seen[0]?.[2] ?? 0) - 20_000)).toBeLessThan(5_000);
  });

  it.each(answered)('can be cancelled, and never reaches the service: %s', async (_, make) => {
    const { link, ready, seen } = await waiting(when);
    await using __ = link;
    const leaving = new AbortController();
    const failing = rejectionOf(make(link.client.service, { signal: leaving.signal }));
    await link.settle();
    leaving.abort('enough');
    await link.settle();
    expect(await failing).toMatchObject({ kind: 'cancelled', executed: 'no', cause: 'enough' });
    ready.resolve();
    await link.settle();
    expect(seen).toEqual([]);
  });

  it.each(answered)('can be cancelled after it has been made: %s', async (_, make) => {
    const { link, ready } = await waiting(when);
    await using __ = link;
    const leaving = new AbortController();
    const failing = rejectionOf(make(link.client.service, { signal: leaving.signal, headers: {} }));
    await link.settle();
    link.cut();
    ready.resolve();
    await link.settle();
    leaving.abort('enough');
    await link.settle();
    expect(await failing).toMatchObject({ kind: 'cancelled', cause: 'enough' });
  });

  it.each(answered)('runs out of time where it waits: %s', async (_, make) => {
    const { link, ready, seen } = await waiting(when);
    await using __ = link;
    const failing = rejectionOf(make(link.client.service, { timeoutMs: 5_000 }));
    await link.clock.advance(5_000);
    expect(await failing).toMatchObject({ kind: 'timeout', executed: 'no' });
    ready.resolve();
    await link.settle();
    expect(seen).toEqual([]);
  });

  it('leaves its place when its subscriber leaves', async () => {
    const { link, ready, seen } = await waiting(when);
    await using _ = link;
    const { service } = link.client;
    for (let index = 0; index < 2_000; index++) service.count().subscribe().unsubscribe();
    const echo = service.echo();
    ready.resolve();
    await link.settle();
    await echo;
    expect(seen.map(([method]) => method)).toEqual(['echo']);
  });
});
