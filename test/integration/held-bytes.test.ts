import { Code, DuplexError } from 'grpc-duplex';
import { concat, count, EMPTY, from, lastValueFrom, NEVER, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { join, type Serving, serve } from '../support/everything.js';
import type { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred, eventually } from '../support/observe.js';
import { RawStream } from '../support/raw-stream.js';
import { rejectionOf } from '../support/thrown-by.js';

const KIB = 1_024;
const text = 'x'.repeat(64 * KIB);
const limits = { heldBytes: 1_024 * KIB };

/** Clients that take what comes, and never acknowledge it: the host has to keep it. */
async function silent({ address, sessions }: Serving, count: number) {
  for (let i = 0; i < count; i++) await new RawStream(address).greet();
  await eventually(() => expect(sessions).toHaveLength(count));
}

async function sendOn(session: Everything.Session, sent: () => void): Promise<never> {
  for (;;) {
    await session.callback.noted({ text });
    sent();
  }
}

describe('what all sessions of a host hold together', () => {
  it('slows down who awaits what it sends, and ends nobody', async () => {
    const serving = await serve(undefined, { limits });
    await silent(serving, 4);
    const { host, sessions, address } = serving;
    let sent = 0;
    for (const session of sessions) {
      // The end of the test ends the session.
      void sendOn(session, () => {
        sent += 1;
      }).catch(() => {});
    }
    await eventually(() => expect(host.counters.heldBytes).toBeGreaterThan(400 * KIB));
    // A client that acknowledges goes on meanwhile.
    const { client } = join(address);
    const noted: number[] = [];
    client.callbacks.noted$.subscribe(({ index }) => noted.push(index));
    await client.open();
    const own = sessions.at(-1);
    for (let index = 0; index < 50; index++) await own?.callback.noted({ index, text });
    await eventually(() => expect(noted).toHaveLength(50));
    expect(sent).toBeLessThan(20);
    expect(sessions.map(({ status }) => status)).toEqual(['open', 'open', 'open', 'open', 'open']);
    expect(host.counters.heldBytes).toBeLessThanOrEqual(limits.heldBytes);
    expect(host.counters.refused.heldBytes).toBe(0);
  });

  it('fails what nobody awaits, by name, once a session has its share', async () => {
    const serving = await serve(undefined, { limits });
    await silent(serving, 2);
    const { sessions, host } = serving;
    const failed: DuplexError[] = [];
    for (let i = 0; i < 20; i++) {
      for (const session of sessions) session.callback.noted({ text }).then(undefined, (error) => failed.push(error));
    }
    await eventually(() => expect(failed.length).toBeGreaterThan(0));
    expect(failed[0]).toMatchObject({ code: Code.RESOURCE_EXHAUSTED, executed: 'no' });
    expect(failed[0]?.message).toContain('limits.heldBytes');
    expect(sessions.map(({ status }) => status)).toEqual(['open', 'open']);
    expect(host.counters.refused.heldBytes).toBe(0);
  });

  it('ends the session that holds most where nothing else helps, typed on both sides, and no other', async () => {
    const { address, host, sessions } = await serve(
      () => ({ note: () => new Promise<void>(() => {}), echo: ({ text: said }) => ({ text: said }) }),
      { limits },
    );
    const good = join(address).client;
    await good.service.echo();
    const greedy = join(address).client;
    for (let i = 0; i < 30; i++) greedy.service.note({ text });
    const end = await greedy.closed;
    expect(end).toMatchObject({ kind: 'lost', code: Code.RESOURCE_EXHAUSTED, origin: 'remote' });
    expect(end.message).toMatch(
      /^the sessions of this host hold more than 1048576 bytes, and of them this one the most, \d+ \(limits\.heldBytes\)$/,
    );
    expect(await sessions[1]?.closed).toMatchObject({ kind: 'aborted', code: Code.RESOURCE_EXHAUSTED });
    expect(host.counters.refused.heldBytes).toBe(1);
    await good.service.echo();
    await eventually(() => expect(host.counters.heldBytes).toBeLessThan(KIB));
    await join(address).client.service.echo();
  });

  it('has streams in it that nobody reads', async () => {
    const { address, host } = await serve(
      () => ({
        // Begins to read late, or never.
        sum: () => new Promise(() => {}),
        echo: ({ text: said }) => ({ text: said }),
      }),
      { limits, concurrency: 'multiple' },
    );
    const good = join(address).client;
    await good.service.echo();
    const stream = new RawStream(address);
    await stream.greet();
    const padded = new Uint8Array(64 * KIB);
    // An unknown field as ballast: 2,000 by its tag, then its length.
    padded.set([0x82, 0x7d, 0xfb, 0xff, 0x03]);
    for (let seq = 1; seq <= 40; seq++) stream.send({ seq, callId: 1, content: { number: 109, bytes: padded } });
    await expect(stream.status).resolves.toMatchObject({ code: Code.OK });
    const last = stream.controls.at(-1);
    expect(last).toMatchObject({ $case: 'goodbye', value: { code: Code.RESOURCE_EXHAUSTED } });
    expect(host.counters.refused.heldBytes).toBe(1);
    await good.service.echo();
    await eventually(() => expect(host.counters.heldBytes).toBeLessThan(KIB));
  });

  it('ends nobody who takes what comes: one message to all, large replies, streams', async () => {
    const { address, host, service, sessions } = await serve(
      () => ({
        echo: ({ text: said }) => ({ text: said }),
        chat: () => from(Array.from({ length: 20 }, () => ({ text }))),
      }),
      { limits: { heldBytes: 3 * limits.heldBytes }, concurrency: 'multiple' },
    );
    const group = service.group();
    const clients = Array.from({ length: 24 }, () => join(address).client);
    let noted = 0;
    for (const client of clients) client.callbacks.noted$.subscribe(() => (noted += 1));
    await Promise.all(clients.map((client) => client.open()));
    for (const session of sessions) group.add(session);
    group.callback.noted({ text });
    await eventually(() => expect(noted).toBe(clients.length));
    await Promise.all(clients.map(({ service: { echo } }) => echo({ text })));
    await Promise.all(
      clients.map(async ({ service: { chat } }) => expect(await lastValueFrom(chat(EMPTY).pipe(count()))).toBe(20)),
    );
    expect(clients.map(({ status }) => status)).toEqual(clients.map(() => 'opened'));
    expect(host.counters.refused.heldBytes).toBe(0);
  });

  it('has nothing of a call that was cancelled before its turn', async () => {
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { address, host } = await serve(() => ({
      ask: () => gate.then(() => ({ answer: '' })),
      chat: () => EMPTY,
    }));
    const { client } = join(address);
    const asked = client.service.ask();
    const chatting = client.service.chat(concat(from([{ text }, { text }]), NEVER)).subscribe();
    await eventually(() => expect(host.counters.heldBytes).toBeGreaterThan(64 * KIB));
    chatting.unsubscribe();
    open();
    await asked;
    await client.service.ask();
    await eventually(() => expect(host.counters.heldBytes).toBeLessThan(KIB));
  });

  it.each([
    ['return', (steps: AsyncIterator<unknown>) => steps.return?.()],
    [
      'throw',
      (steps: AsyncIterator<unknown>) =>
        rejectionOf(Promise.resolve(steps.throw?.(new DuplexError('fault', 'enough')))),
    ],
  ])(
    'has nothing of a stream that was stepped through by hand and left by %s(), though its call goes on',
    async (_, leave) => {
      const enough = deferred();
      const left = deferred();
      const over = deferred();
      const { address, host } = await serve(
        () => ({
          async *chat(said) {
            const steps = said[Symbol.asyncIterator]();
            await steps.next();
            await enough.promise;
            await leave(steps);
            expect(await steps.next()).toEqual({ done: true, value: undefined });
            left.resolve();
            await over.promise;
            yield { text: 'over' };
          },
          echo: () => ({}),
        }),
        { concurrency: 'multiple' },
      );
      const { client } = join(address);
      const said = new Subject<{ text: string }>();
      const ended = lastValueFrom(client.service.chat(said));
      for (let i = 0; i < 4; i++) said.next({ text });
      await eventually(() => expect(host.counters.heldBytes).toBeGreaterThan(3 * text.length));
      enough.resolve();
      await left.promise;
      for (let i = 0; i < 4; i++) said.next({ text });
      // It arrives behind them.
      await client.service.echo();
      expect(host.counters.heldBytes).toBeLessThan(text.length);
      over.resolve();
      expect(await ended).toEqual({ text: 'over' });
    },
  );

  it('has those messages in it that wait and may be dropped', async () => {
    const serving = await serve(undefined, {
      slowClients: { noted: 'drop-oldest' },
      limits: { heldBytes: 64 * limits.heldBytes },
    });
    await silent(serving, 1);
    const [session] = serving.sessions;
    for (let i = 0; i < 200; i++) session?.callback.noted({ text });
    expect(serving.host.counters.heldBytes).toBeGreaterThan(6 * 1_024 * KIB);
  });

  it('is nothing when everything has been handled', async () => {
    const { address, host, sessions } = await serve(
      () => ({
        echo: ({ text: said }) => ({ text: said }),
        async sum(values) {
          // Leaves what comes behind the first one unread.
          for await (const _ of values) break;
          return { count: 1 };
        },
      }),
      { limits },
    );
    const { client } = join(address);
    client.callbacks.noted$.subscribe();
    await client.open();
    for (let i = 0; i < 20; i++) await client.service.echo({ text });
    for (let i = 0; i < 20; i++) await sessions[0]?.callback.noted({ text });
    await expect(client.service.sum(from([{ value: 1 }, { value: 2 }]))).resolves.toMatchObject({ count: 1 });
    await client.close();
    await eventually(() => expect(host.counters).toMatchObject({ heldBytes: 0, sessions: 0 }));
    expect(host.counters.refused.heldBytes).toBe(0);
  });
});
