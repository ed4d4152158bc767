import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
/** More than a window and its line take, so that somebody has to wait. */
const MANY = 40_000;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lets `count` calls go, awaiting each, and resolves when all are admitted. */
async function send(count: number, call: (index: number) => PromiseLike<void>): Promise<void> {
  for (const index of upTo(count)) await call(index);
}

describe('both directions full at once', () => {
  it('goes on: each side’s handlers wait for room at the other side', async () => {
    const noted: number[] = [];
    const back: number[] = [];
    const { address } = await serve((session) => ({
      async note({ index }) {
        noted.push(index);
        await session.callback.noted({ index });
      },
    }));
    const { client } = join(address, {
      handler: {
        async noted({ index }) {
          back.push(index);
          if (index % 100 === 0) await turn();
        },
      },
    });
    await send(MANY, (index) => client.service.note({ index }));
    await client.close();
    expect(noted).toEqual(upTo(MANY));
    expect(back).toEqual(upTo(MANY));
  });

  it('goes on when neither side reads what it is sent before it has sent everything itself', async () => {
    const seen = { up: 0, down: 0 };
    const { address } = await serve(
      (session) => {
        const flood = send(MANY, (index) => session.callback.noted({ index }));
        return {
          async note() {
            await flood;
            seen.up += 1;
          },
        };
      },
      { concurrency: 'single' },
    );
    let flooded: Promise<void> = Promise.resolve();
    const { client } = join(address, {
      handler: {
        async noted() {
          await flooded;
          seen.down += 1;
        },
      },
    });
    await client.open();
    // As much as the service takes without running any of it, so that this side can end.
    flooded = send(10_000, (index) => client.service.note({ index }));
    await flooded;
    await client.close();
    expect(seen).toEqual({ up: 10_000, down: MANY });
  });
});

describe('100,000 one-way calls that wait in `single`', () => {
  it('do not hold up the callbacks of the long operation before them', async () => {
    const seen: number[] = [];
    let notes = 0;
    const { address } = await serve((session) => ({
      async ask({ question }) {
        for (const index of upTo(1_000)) {
          await session.callback.noted({ index });
          if (index % 50 === 0) await turn();
        }
        const { answer } = await session.callback.confirm({ question });
        return { answer };
      },
      note() {
        notes += 1;
      },
    }));
    const { client } = join(address, {
      handler: {
        noted: ({ index }) => void seen.push(index),
        confirm: ({ question }) => ({ ok: true, answer: `${question} after ${seen.length} callbacks` }),
      },
    });
    const answer = client.service.ask({ question: 'asked' });
    const flood = send(100_000, (index) => client.service.note({ index }));
    expect(await answer).toMatchObject({ answer: 'asked after 1000 callbacks' });
    expect(seen).toEqual(upTo(1_000));
    await flood;
    await client.close();
    expect(notes).toBe(100_000);
  });

  it('do not hold up the reply stream that was asked for before them', async () => {
    let notes = 0;
    const { address } = await serve(() => ({
      async *count({ count }) {
        for (const value of upTo(count)) {
          if (value % 100 === 0) await turn();
          yield { value };
        }
      },
      note() {
        notes += 1;
      },
    }));
    const { client } = join(address);
    const values: number[] = [];
    const streamed = new Promise<void>((resolve, reject) => {
      client.service.count({ count: 3_000 }).subscribe({
        next: ({ value }) => values.push(value),
        error: reject,
        complete: resolve,
      });
    });
    const flood = send(100_000, (index) => client.service.note({ index }));
    await streamed;
    expect(values).toEqual(upTo(3_000));
    await flood;
    await client.close();
    expect(notes).toBe(100_000);
  });
});
