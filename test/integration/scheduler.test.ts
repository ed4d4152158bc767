import fc from 'fast-check';
import { testLink } from 'grpc-duplex/testing';
import { asapScheduler, asyncScheduler, queueScheduler, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { join, partly, serve } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { eventually, record } from '../support/observe.js';

const WINDOW = 16_384;

/** A service that tells everything that it is told, in every way. */
function createTalker(session: Everything.Session): Everything.Handler {
  return partly({
    note({ index }) {
      session.callback.noted({ index });
      session.state.set({ counter: BigInt(index) });
    },
    echo({ text }) {
      session.callback.noted({ index: Number(text) });
      return { text };
    },
    divide({ dividend }) {
      session.callback.noted({ index: dividend });
      throw new RangeError('no');
    },
    *count({ count }) {
      for (let value = 0; value < count; value++) {
        session.callback.noted({ index: 100 + value });
        yield { value };
      }
    },
    async ask({ question }) {
      return { answer: (await session.callback.confirm({ question })).answer };
    },
  });
}

/** All that a client is told, as text, in the order in which it comes. */
function tell(client: Everything.Client): string[] {
  const told: string[] = [];
  client.status$.subscribe({ next: (status) => told.push(status), complete: () => told.push('over') });
  client.callbacks.noted$.subscribe(({ index }) => told.push(`noted ${index}`));
  client.state$.subscribe(({ counter }) => told.push(`state ${counter}`));
  return told;
}

describe('with a scheduler', () => {
  it('all that an end brings is one task: flushed once, and then the client is closed', async () => {
    const scheduler = new VirtualTimeScheduler();
    const { address } = await serve(createTalker);
    const { client } = join(address, { scheduler });
    await client.open();
    client.abort();
    scheduler.flush();
    expect(await client.closed).toMatchObject({ kind: 'aborted' });
    expect(scheduler.actions).toHaveLength(0);
  });

  it('nothing reaches the application in between, and then everything in order', async () => {
    const scheduler = new VirtualTimeScheduler();
    const asked: string[] = [];
    await using link = await testLink(Everything, createTalker, {
      client: {
        scheduler,
        handler: {
          confirm({ question }) {
            asked.push(question);
            return { answer: `${question}!` };
          },
        },
      },
    });
    const { client } = link;
    const told = tell(client);
    client.service.note({ index: 1 });
    client.service.echo({ text: '2' }).then(
      ({ text }) => told.push(`echo ${text}`),
      () => {},
    );
    client.service.divide({ dividend: 3 }).catch(() => told.push('divide failed'));
    client.service
      .count({ count: 2 })
      .subscribe({ next: ({ value }) => told.push(`count ${value}`), complete: () => told.push('count over') });
    client.service.ask({ question: 'who' }).then(
      ({ answer }) => told.push(answer),
      () => {},
    );
    await link.settle();
    expect([client.status, client.state, told, asked]).toEqual(['opened', undefined, ['created'], []]);
    scheduler.flush();
    await link.settle();
    expect(asked).toEqual(['who']);
    scheduler.flush();
    await link.settle();
    const inOrder = (...texts: string[]): void => expect(told.filter((text) => texts.includes(text))).toEqual(texts);
    inOrder('created', 'opening', 'opened', 'state 0', 'noted 1', 'state 1', 'noted 2');
    inOrder('noted 2', 'echo 2');
    inOrder('noted 3', 'divide failed');
    inOrder('noted 100', 'count 0', 'noted 101', 'count 1', 'count over');
    expect(told.at(-1)).toBe('who!');
  });

  it('that stands still, the service is slowed down, and nothing is lost', async () => {
    const scheduler = new VirtualTimeScheduler();
    const { address, sessions } = await serve();
    const { client, errors } = join(address, { scheduler });
    const notes = record(client.callbacks.noted$);
    await client.open();
    let sent = 0;
    const count = WINDOW + 1_000;
    const sending = (async () => {
      for (; sent < count; sent++) await sessions[0]?.callback.noted({ index: sent });
    })();
    await eventually(() => expect(sent).toBeGreaterThanOrEqual(WINDOW));
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    expect(sent).toBeLessThanOrEqual(256 + WINDOW);
    expect(notes).toEqual([]);
    while (notes.length < count) {
      scheduler.flush();
      await new Promise(setImmediate);
    }
    await sending;
    expect(notes.map((note) => note !== 'complete' && note.index)).toEqual(
      Array.from({ length: count }, (_, index) => index),
    );
    expect(errors).toEqual([]);
  });

  it('that stands still, a stream gets no further than its credit', async () => {
    const scheduler = new VirtualTimeScheduler();
    let made = 0;
    await using link = await testLink(
      Everything,
      () =>
        partly({
          *count() {
            for (; ; made++) yield { value: made };
          },
        }),
      { client: { scheduler } },
    );
    const seen: number[] = [];
    const counting = link.client.service.count().subscribe(({ value }) => seen.push(value));
    await link.settle();
    expect(seen).toEqual([]);
    expect(made).toBeLessThanOrEqual(257);
    scheduler.flush();
    await link.settle();
    expect(seen.length).toBeGreaterThanOrEqual(256);
    expect(seen).toEqual(seen.map((_, index) => index));
    counting.unsubscribe();
  });

  it('that stands still, of states only the newest waits', async () => {
    const scheduler = new VirtualTimeScheduler();
    await using link = await testLink(Everything, createTalker, { client: { scheduler } });
    const states = record(link.client.state$);
    await link.client.open();
    await link.settle();
    scheduler.flush();
    const [session] = link.service.sessions.values();
    for (let counter = 1n; counter <= 1_000n; counter++) {
      session?.state.set({ counter });
      await link.settle();
    }
    scheduler.flush();
    expect(states).toMatchObject([{ counter: 0n }, { counter: 1_000n }]);
  });

  it('close() is over when everything has been delivered', async () => {
    const scheduler = new VirtualTimeScheduler();
    await using link = await testLink(Everything, createTalker, { client: { scheduler } });
    const told = tell(link.client);
    for (let index = 1; index <= 3; index++) link.client.service.note({ index });
    let isClosed = false;
    const closed = link.client.close().then((end) => {
      isClosed = true;
      return end;
    });
    await link.settle();
    expect(isClosed).toBe(false);
    while (!isClosed) {
      scheduler.flush();
      await link.settle();
    }
    expect(await closed).toMatchObject({ kind: 'closed' });
    expect(told.slice(-4)).toEqual(['noted 3', 'state 3', 'closed', 'over']);
  });

  it.each([
    ['asapScheduler', asapScheduler],
    ['asyncScheduler', asyncScheduler],
    ['queueScheduler', queueScheduler],
  ])('of rxjs, a callback is still seen before the reply that came after it: %s', async (_, scheduler) => {
    const { address } = await serve(createTalker);
    const { client } = join(address, { scheduler });
    const told: string[] = [];
    client.callbacks.noted$.subscribe(({ index }) => told.push(`noted ${index}`));
    for (let index = 0; index < 50; index++) {
      await client.service.echo({ text: `${index}` });
      told.push(`echo ${index}`);
    }
    expect(told).toEqual(Array.from({ length: 50 }, (__, index) => [`noted ${index}`, `echo ${index}`]).flat());
    expect(await client.close()).toMatchObject({ kind: 'closed' });
  });

  it('goes on over a session that replaces a lost one: what both of them said is told in order', async () => {
    const scheduler = new VirtualTimeScheduler();
    await using link = await testLink(Everything, createTalker, {
      client: { scheduler, onLost: 'renew' },
      host: { resumeWindowMs: 10_000 },
    });
    const told = tell(link.client);
    link.client.service.note({ index: 1 });
    await link.settle();
    link.cut();
    await link.clock.advance(10_001);
    link.restore();
    await link.settle();
    link.client.service.note({ index: 2 });
    await link.settle();
    expect(told).toEqual(['created']);
    scheduler.flush();
    await link.settle();
    scheduler.flush();
    expect(told).toEqual([
      ...['created', 'opening', 'opened', 'state 0', 'noted 1', 'state 1', 'resuming'],
      ...['opened', 'state 0', 'noted 2', 'state 2'],
    ]);
  });

  it('however late it comes, through cuts and all, the callbacks are the same', async () => {
    const step = fc.constantFrom('send', 'run', 'cut', 'restore', 'settle', 'state');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const scheduler = new VirtualTimeScheduler();
        await using link = await testLink(Everything, createTalker, { client: { scheduler } });
        const notes = record(link.client.callbacks.noted$);
        const states = record(link.client.state$);
        await link.client.open();
        const [session] = link.service.sessions.values();
        let sent = 0;
        for (const what of steps) {
          if (what === 'send') session?.callback.noted({ index: ++sent });
          else if (what === 'state') session?.state.set({ counter: BigInt(sent) });
          else if (what === 'run') scheduler.flush();
          else if (what === 'cut') link.cut();
          else if (what === 'restore') link.restore();
          else await link.settle();
        }
        session?.state.set({ counter: -1n });
        link.restore();
        const closed = link.client.close();
        await link.settle();
        while (scheduler.actions.length > 0) {
          scheduler.flush();
          await link.settle();
        }
        await closed;
        expect(notes).toMatchObject([
          ...Array.from({ length: sent }, (_, index) => ({ index: index + 1 })),
          'complete',
        ]);
        expect(states.slice(-2)).toMatchObject([{ counter: -1n }, 'complete']);
      }),
      { numRuns: 60 },
    );
  });
});
