import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { control } from '../support/envelope.js';
import { join, serve } from '../support/everything.js';
import type { Directions } from '../support/faults.js';
import type { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred, eventually, record } from '../support/observe.js';
import { becomes, fastHeartbeats, hopTo, proxyTo } from '../support/proxied.js';
import { RawStream } from '../support/raw-stream.js';
import { rejectionOf } from '../support/thrown-by.js';

const { pingMs, pingTimeoutMs } = fastHeartbeats;
/** Silence and time-out, and what a busy machine adds to timers. */
const BOUND_MS = pingMs + pingTimeoutMs + 900;
const both: Directions = { up: true, down: true };
const echo = { echo: ({ text }: { text: string }) => ({ text }) };
/** Not resumable, so that each side's end shows when that side noticed. */
const mortal = { ...fastHeartbeats, resumeWindowMs: 0 };

/** Stands still as a stopped process does: nothing runs, timers do not ring, sockets fill. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** How long a promise takes from now. */
async function timeOf(promise: PromiseLike<unknown>): Promise<number> {
  const start = performance.now();
  await promise;
  return performance.now() - start;
}

describe('a peer that vanishes without a word', () => {
  it.each<[string, Directions]>([
    ['in both directions', both],
    ['on the way to the service', { up: true }],
    ['on the way to the client', { down: true }],
  ])('is noticed by both sides in bounded time when the network swallows everything %s', async (_, directions) => {
    const { port, sessions } = await serve(() => echo, mortal);
    const proxy = await proxyTo(port);
    const { client, errors } = join(proxy.address, mortal);
    await client.service.echo({});
    const [session] = sessions as [Everything.Session];
    proxy.blackhole(directions);
    const [atClient, atService] = await Promise.all([timeOf(client.closed), timeOf(session.closed)]);
    expect(Math.max(atClient, atService)).toBeLessThan(BOUND_MS);
    expect(await client.closed).toMatchObject({ kind: 'lost' });
    expect(await session.closed).toMatchObject({ kind: 'lost' });
    expect(errors.map(({ error }) => error.kind)).toEqual(['lost']);
  });

  it('is noticed by both sides behind a proxy that goes on to answer HTTP/2 PINGs', async () => {
    const keepalive = { 'grpc.keepalive_time_ms': 100, 'grpc.keepalive_timeout_ms': 100 };
    const { port, sessions } = await serve(() => echo, { ...mortal, serverOptions: keepalive });
    const hop = await hopTo(port);
    const { client } = join(hop.address, { ...mortal, channelOptions: keepalive });
    await client.service.echo({});
    const [session] = sessions as [Everything.Session];
    hop.withhold();
    const [atClient, atService] = await Promise.all([timeOf(client.closed), timeOf(session.closed)]);
    expect(Math.min(atClient, atService)).toBeGreaterThan(pingTimeoutMs);
    expect(Math.max(atClient, atService)).toBeLessThan(BOUND_MS);
    expect(await client.closed).toMatchObject({ kind: 'lost', message: 'the peer does not answer any more' });
    expect(await session.closed).toMatchObject({ kind: 'lost', message: 'the peer does not answer any more' });
  });

  it('rejects every pending call at that moment, on both sides', async () => {
    const { port, sessions } = await serve(() => ({ echo: () => new Promise<never>(() => {}) }), mortal);
    const proxy = await proxyTo(port);
    const { client } = join(proxy.address, { ...mortal, handler: { confirm: () => new Promise<never>(() => {}) } });
    await client.open();
    const [session] = sessions as [Everything.Session];
    const calls = [client.service.echo({}), session.callback.confirm({})];
    proxy.blackhole();
    const rejections = Promise.all(calls.map(rejectionOf));
    expect(await timeOf(rejections)).toBeLessThan(BOUND_MS);
    for (const error of await rejections) expect(error).toMatchObject({ kind: 'lost', executed: 'maybe' });
  });

  it('is noticed although a large message is stuck on its way to it', async () => {
    const { port, sessions } = await serve(() => ({ note: () => {} }), mortal);
    const hop = await hopTo(port);
    const { client } = join(hop.address, mortal);
    await client.open();
    const [session] = sessions as [Everything.Session];
    hop.withhold();
    for (let index = 0; index < 4; index++) {
      client.service.note({ index, payload: Buffer.alloc(900_000) });
      session.callback.noted({ index, payload: Buffer.alloc(900_000) });
    }
    const [atClient, atService] = await Promise.all([timeOf(client.closed), timeOf(session.closed)]);
    expect(Math.max(atClient, atService)).toBeLessThan(BOUND_MS);
  });

  it('costs a resumable session nothing: it goes on when the network does', async () => {
    const handled: number[] = [];
    const { port } = await serve(() => ({ note: ({ index }) => void handled.push(index) }), fastHeartbeats);
    const proxy = await proxyTo(port);
    const { client } = join(proxy.address, fastHeartbeats);
    await client.open();
    client.service.note({ index: 0 });
    const resuming = becomes(client, 'resuming');
    proxy.blackhole();
    client.service.note({ index: 1 });
    await resuming;
    client.service.note({ index: 2 });
    proxy.restore();
    await client.close();
    expect(handled).toEqual([0, 1, 2]);
  });

  it('is not waited for for ever by an attempt to resume: the next attempt succeeds', async () => {
    const { port } = await serve(() => echo, fastHeartbeats);
    const proxy = await proxyTo(port);
    const { client } = join(proxy.address, fastHeartbeats);
    await client.open();
    proxy.swallowNext(1);
    const resuming = becomes(client, 'resuming');
    proxy.cut();
    await resuming;
    await expect(client.service.echo({ text: 'back' }, { timeoutMs: 8_000 })).resolves.toMatchObject({ text: 'back' });
    expect(proxy.accepted).toBeGreaterThanOrEqual(3);
  });

  it('is found again at once where new connections work and only the old one is dead', async () => {
    const { port } = await serve(() => echo, fastHeartbeats);
    const proxy = await proxyTo(port);
    const { client } = join(proxy.address, fastHeartbeats);
    await client.open();
    proxy.abandon();
    await expect(client.service.echo({ text: 'found' }, { timeoutMs: 3_000 })).resolves.toMatchObject({
      text: 'found',
    });
    expect(proxy.accepted).toBe(2);
  });

  it('is dialled by every attempt to resume, spaced by the back-off of the session alone', async () => {
    const { port } = await serve(() => echo);
    const proxy = await proxyTo(port);
    const { client } = join(proxy.address);
    await client.open();
    proxy.refuse();
    // The first four attempts are at most 100, 200, 400 and 800 ms apart.
    await sleep(1_800);
    expect(proxy.accepted).toBeGreaterThanOrEqual(1 + 4);
  });
});

describe('a peer that lives', () => {
  it('is not taken for dead while both sides are idle', async () => {
    const { port } = await serve(() => echo, fastHeartbeats);
    const proxy = await proxyTo(port);
    const { client } = join(proxy.address, fastHeartbeats);
    await client.open();
    const statuses = record(client.status$);
    await sleep(3 * (pingMs + pingTimeoutMs));
    expect(statuses).toEqual(['opened']);
    expect(proxy.accepted).toBe(1);
  });

  it.each([
    ['a moment', 700],
    ['long', 2_000],
  ])('is not taken for dead by a process that stood still for %s itself', async (_, ms) => {
    const { port, service } = await serve(() => echo, mortal);
    const proxy = await proxyTo(port);
    const { client } = join(proxy.address, mortal);
    await client.open();
    // The worst moment: a heartbeat is out, and its answer comes while nothing runs.
    proxy.delay(100);
    await sleep(pingMs + 50);
    standStill(ms);
    proxy.restore();
    await client.service.echo({});
    expect(client.status).toBe('opened');
    expect(service.sessions.size).toBe(1);
  });

  it('is alive with any answer in time, were it a late one to the first of several heartbeats', async () => {
    const { address, sessions } = await serve(() => ({}), fastHeartbeats);
    const stream = new RawStream(address);
    await stream.greet({ terms: { ttlMs: 0 } });
    stream.send({});
    for (let heartbeats = 1; heartbeats <= 3; heartbeats++) {
      await vi.waitFor(() => expect(pingsOn(stream)).toHaveLength(heartbeats), { interval: 2 });
      await sleep(pingTimeoutMs - 120);
      // Not the Pong that was asked for: a bare acknowledgement is life, too.
      stream.send({});
    }
    expect(sessions).toHaveLength(1);
    let over = false;
    void sessions[0]?.closed.then(() => {
      over = true;
    });
    await sleep(50);
    expect(over).toBe(false);
    await eventually(() => expect(over).toBe(true));
  });

  it('is alive while its handlers take longer than the heartbeats allow', async () => {
    const gate = deferred();
    const { port } = await serve(() => ({ echo: () => gate.promise.then(() => ({ text: 'late' })) }), mortal);
    const proxy = await proxyTo(port);
    const { client } = join(proxy.address, mortal);
    const replies = Array.from({ length: 12 }, () => client.service.echo({}));
    await sleep(3 * (pingMs + pingTimeoutMs));
    gate.resolve();
    expect(await Promise.all(replies)).toHaveLength(12);
  });

  it('answers heartbeats of its peer itself', async () => {
    const { address } = await serve();
    const stream = new RawStream(address);
    await stream.greet();
    stream.send({ content: control({ $case: 'ping', value: { id: 41 } }) });
    await vi.waitFor(() => expect(stream.controls).toContainEqual({ $case: 'pong', value: { id: 41 } }));
  });
});

function pingsOn(stream: RawStream): readonly unknown[] {
  return stream.controls.filter((kind) => kind?.$case === 'ping');
}
