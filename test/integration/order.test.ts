import { Code } from 'grpc-duplex';
import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { eventually } from '../support/observe.js';

const BURST = 100_000;
/** What may be on its way at once, and what may wait for that. */
const WINDOW = 16_384;
const LINE = 1_024;

describe('order', () => {
  it('puts a callback that was sent before a reply before that reply', async () => {
    const { address } = await serve((session) => ({
      async echo({ text }) {
        session.callback.noted({ index: 1 });
        await session.callback.noted({ index: 2 });
        session.callback.progressed({ percent: 50 });
        return { text };
      },
    }));
    const { client } = join(address);
    const seen: unknown[] = [];
    client.callback$.subscribe(({ name, request }) => seen.push([name, request]));
    seen.push(await client.service.echo({ text: 'reply' }));
    expect(seen).toMatchObject([
      ['noted', { index: 1 }],
      ['noted', { index: 2 }],
      ['progressed', { percent: 50 }],
      { text: 'reply' },
    ]);
  });

  it('holds across different callbacks, the state, and handlers', async () => {
    const { address } = await serve((session) => ({
      note({ index }) {
        session.callback.noted({ index });
        session.state.update(({ counter }) => ({ counter: counter + 1n }));
        session.callback.progressed({ percent: index });
      },
    }));
    const seen: string[] = [];
    const { client } = join(address, {
      handler: {
        noted: ({ index }) => void seen.push(`noted ${index}`),
        progressed: ({ percent }) => void seen.push(`progressed ${percent}`),
      },
    });
    client.state$.subscribe(({ counter }) => seen.push(`state ${counter}`));
    for (let index = 1; index <= 50; index++) client.service.note({ index });
    await client.close();
    const steps = Array.from({ length: 50 }, (_, i) => [`noted ${i + 1}`, `state ${i + 1}`, `progressed ${i + 1}`]);
    expect(seen).toEqual(['state 0', ...steps.flat()]);
  });

  it('runs operations in the order in which they were called, with and without a reply', async () => {
    const seen: string[] = [];
    const { address } = await serve(() => ({
      note: ({ index }) => void seen.push(`note ${index}`),
      async echo({ text }) {
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(`echo ${text}`);
        return { text };
      },
    }));
    const { client } = join(address);
    const replies: string[] = [];
    for (let index = 0; index < 100; index++) {
      client.service.note({ index });
      void client.service.echo({ text: `${index}` }).then(({ text }) => replies.push(text));
    }
    await client.service.echo({ text: 'last' });
    const indices = Array.from({ length: 100 }, (_, index) => index);
    expect(seen).toEqual([...indices.flatMap((index) => [`note ${index}`, `echo ${index}`]), 'echo last']);
    expect(replies).toEqual(indices.map(String));
  });

  it('holds in a burst of 100,000 one-way calls that are awaited', async () => {
    let next = 0;
    const { address } = await serve(() => ({
      note({ index }) {
        if (index === next) next += 1;
      },
      reset: () => ({}),
    }));
    const { client, errors } = join(address);
    for (let index = 0; index < BURST; index++) await client.service.note({ index });
    await client.service.reset();
    expect(next).toBe(BURST);
    expect(errors).toEqual([]);
  });

  it('holds in a burst of 100,000 callbacks that are awaited', async () => {
    const { address } = await serve((session) => ({
      async reset() {
        for (let index = 0; index < BURST; index++) await session.callback.noted({ index });
        return {};
      },
    }));
    let next = 0;
    const { client } = join(address, {
      handler: {
        noted({ index }) {
          if (index === next) next += 1;
        },
      },
    });
    await client.service.reset();
    expect(next).toBe(BURST);
  });

  it('holds in a burst of 100,000 calls that nobody awaits; what is too much is reported, and the session lives', async () => {
    const received: number[] = [];
    const { address } = await serve(() => ({ note: ({ index }) => void received.push(index), reset: () => ({}) }));
    const { client, errors } = join(address);
    await client.open();
    for (let index = 0; index < BURST; index++) client.service.note({ index });
    // Nobody gave way within this loop, so exactly what fits was taken.
    await eventually(() => expect(received).toHaveLength(WINDOW + LINE));
    expect(received).toEqual(Array.from({ length: WINDOW + LINE }, (_, index) => index));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ method: 'note', error: { kind: 'fault', code: Code.RESOURCE_EXHAUSTED } });
    await client.service.note({ index: BURST });
    await client.service.reset();
    expect(received.at(-1)).toBe(BURST);
    expect(client.status).toBe('opened');
  });

  it('holds in a burst of 100,000 callbacks that nobody awaits; what is too much is reported at the service', async () => {
    const { address, errors, sessions } = await serve((session) => ({
      echo: () => ({}),
      reset() {
        for (let index = 0; index < BURST; index++) session.callback.noted({ index });
        return {};
      },
    }));
    const received: number[] = [];
    const { client } = join(address, { handler: { noted: ({ index }) => void received.push(index) } });
    // The second call tells the service that its first state has arrived: the whole window is free.
    for (let times = 0; times < 2; times++) await client.service.echo();
    await client.service.reset();
    expect(received).toEqual(Array.from({ length: WINDOW + LINE }, (_, index) => index));
    await eventually(() => expect(errors).toHaveLength(1));
    expect(errors[0]).toMatchObject({ method: 'noted', error: { code: Code.RESOURCE_EXHAUSTED } });
    await sessions[0]?.callback.noted({ index: -1 });
    await eventually(() => expect(received.at(-1)).toBe(-1));
  });
});
