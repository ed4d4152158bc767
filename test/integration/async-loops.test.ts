import { Code, Fault } from 'grpc-duplex';
import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { deferred, eventually, record } from '../support/observe.js';
import { rejectionOf } from '../support/thrown-by.js';

const WINDOW = 16_384;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('a loop over callbacks', () => {
  it('gets all of them, those that came before it too, and ends with the session', async () => {
    const { address, sessions } = await serve((session) => {
      session.callback.noted({ index: 0 });
      return { reset: () => ({}) };
    });
    const { client } = join(address);
    await client.service.reset();
    for (const index of [1, 2]) sessions[0]?.callback.noted({ index });
    const seen: number[] = [];
    const loop = (async () => {
      for await (const { index } of client.callbacks.noted()) seen.push(index);
    })();
    await client.close();
    await loop;
    expect(seen).toEqual([0, 1, 2]);
  });

  it('dials by itself', async () => {
    const { address } = await serve((session) => {
      session.callback.noted({ index: 7 });
      return {};
    });
    for await (const { index } of join(address).client.callbacks.noted()) {
      expect(index).toBe(7);
      break;
    }
  });

  it('that is slow slows the service down: what waits is bounded, and nothing is lost', async () => {
    const { address, sessions } = await serve();
    const { client, errors } = join(address);
    const gate = deferred();
    const seen: number[] = [];
    const count = WINDOW + 1_000;
    const loop = (async () => {
      for await (const { index } of client.callbacks.noted({ buffer: 64 })) {
        await gate.promise;
        seen.push(index);
        if (index === count - 1) return;
      }
    })();
    await client.open();
    let sent = 0;
    const sending = (async () => {
      for (; sent < count; sent++) await sessions[0]?.callback.noted({ index: sent });
    })();
    await eventually(() => expect(sent).toBeGreaterThanOrEqual(WINDOW));
    await expect(client.service.echo({ text: 'answers pass' }).catch(({ code }) => code)).resolves.toBe(
      Code.UNIMPLEMENTED,
    );
    // In the loop, in its buffer, running at the client, and in the window.
    expect(sent).toBeLessThanOrEqual(1 + 64 + 256 + WINDOW);
    gate.resolve();
    await Promise.all([sending, loop]);
    expect(seen).toEqual(upTo(count));
    expect(errors).toEqual([]);
  });

  it('may lose the oldest instead, and then holds nobody up', async () => {
    const { address, sessions } = await serve(() => ({ reset: () => ({}) }));
    const { client } = join(address);
    const view = client.callbacks.progressed({ buffer: 1, overflow: 'drop-oldest' });
    const loop = view[Symbol.asyncIterator]();
    await client.open();
    for (const percent of upTo(1_000)) await sessions[0]?.callback.progressed({ percent });
    await client.service.reset();
    expect(await loop.next()).toMatchObject({ value: { percent: 999 } });
    expect(view.dropped).toBe(999);
  });

  it('may fail where it is too slow, after what it had room for: the session lives', async () => {
    const { address, sessions } = await serve(() => ({ reset: () => ({}) }));
    const { client } = join(address);
    const loop = client.callbacks.noted({ buffer: 2, overflow: 'error' })[Symbol.asyncIterator]();
    await client.open();
    for (const index of upTo(5)) await sessions[0]?.callback.noted({ index });
    await client.service.reset();
    expect(await loop.next()).toMatchObject({ value: { index: 0 } });
    expect(await loop.next()).toMatchObject({ value: { index: 1 } });
    await expect(loop.next()).rejects.toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
    expect(await loop.next()).toMatchObject({ done: true });
    expect(client.status).toBe('opened');
  });

  it('may be left: the callback goes on for others, and so does the session', async () => {
    const { address, sessions } = await serve(() => ({ reset: () => ({}) }));
    const { client } = join(address);
    const watched = record(client.callbacks.noted$);
    await client.open();
    for (const index of upTo(500)) sessions[0]?.callback.noted({ index });
    for await (const { index } of client.callbacks.noted({ buffer: 2 })) if (index === 3) break;
    await client.service.reset();
    await client.service.reset();
    expect(watched).toHaveLength(500);
    expect(client.status).toBe('opened');
  });

  it('may close the session from within, however much waits for it', async () => {
    const { address, sessions } = await serve();
    const { client } = join(address);
    void client.open().then(() => {
      for (const index of upTo(1_000)) sessions[0]?.callback.noted({ index });
    });
    const seen: number[] = [];
    for await (const { index } of client.callbacks.noted({ buffer: 1 })) {
      if (index === 0) expect(await client.close()).toMatchObject({ kind: 'closed' });
      seen.push(index);
    }
    expect(seen).toEqual(upTo(1_000));
  });

  it('sees all kinds in order, where it wants all', async () => {
    const { address } = await serve((session) => {
      session.callback.noted({ index: 1 });
      session.callback.progressed({ percent: 2 });
      session.callback.noted({ index: 3 });
      return { reset: () => ({}) };
    });
    const { client } = join(address);
    const seen: string[] = [];
    for await (const { name } of client.eachCallback()) if (seen.push(name) === 3) break;
    expect(seen).toEqual(['noted', 'progressed', 'noted']);
  });
});

describe('a loop over a reply stream', () => {
  it('gets every item and the end', async () => {
    const { address } = await serve(() => ({ count: ({ count }) => upTo(count).map((value) => ({ value })) }));
    const { client } = join(address);
    const seen: number[] = [];
    for await (const { value } of client.service.count({ count: 1_000 })) seen.push(value);
    expect(seen).toEqual(upTo(1_000));
  });

  it('that is slow slows the source down: at most the credit is ahead', async () => {
    let made = 0;
    const { address } = await serve(() => ({
      async *count() {
        for (; ; made++) yield { value: made };
      },
      reset: () => ({}),
    }));
    const { client } = join(address);
    let expected = 0;
    for await (const { value } of client.service.count()) {
      expect(value).toBe(expected++);
      await client.service.reset();
      expect(made).toBeLessThanOrEqual(expected + 256 + 1);
      if (expected === 600) break;
    }
  });

  it('that is left cancels the call, once', async () => {
    let left = 0;
    const gone = deferred();
    const { address } = await serve(() => ({
      async *count(_, { signal }) {
        signal.addEventListener('abort', () => {
          left += 1;
        });
        try {
          for (let value = 0; ; value++) yield { value };
        } finally {
          gone.resolve();
        }
      },
      reset: () => ({}),
    }));
    const { client } = join(address);
    for await (const { value } of client.service.count()) if (value === 3) break;
    await gone.promise;
    await client.service.reset();
    expect(left).toBe(1);
  });

  it('throws the fault of the stream after what came before it', async () => {
    const { address } = await serve(() => ({
      async *count() {
        yield { value: 1 };
        throw new Fault(Code.OUT_OF_RANGE, 'too far');
      },
    }));
    const { client } = join(address);
    const seen: unknown[] = [];
    const error = await rejectionOf(
      (async () => {
        for await (const item of client.service.count()) seen.push(item);
      })(),
    );
    expect(error).toMatchObject({ code: Code.OUT_OF_RANGE });
    expect(seen).toEqual([{ value: 1 }]);
  });
});

describe('an async iterable', () => {
  const counting = (state: { made: number; left: boolean }) =>
    async function* () {
      try {
        for (; ; state.made++) yield { value: state.made };
      } finally {
        state.left = true;
      }
    };

  it('that a handler of the client streams is asked as the service takes, and let go when that leaves', async () => {
    const state = { made: 0, left: false };
    const { address, sessions } = await serve();
    const { client } = join(address, { handler: { watch: counting(state) } });
    await client.open();
    let expected = 0;
    for await (const { value } of sessions[0]?.callback.watch() ?? []) {
      expect(value).toBe(expected++);
      expect(state.made).toBeLessThanOrEqual(expected + 256 + 1);
      if (expected === 600) break;
    }
    await eventually(() => expect(state.left).toBe(true));
  });

  it('of requests is asked no further than the service takes, and let go when that has enough', async () => {
    const state = { made: 0, left: false };
    const gate = deferred();
    const { address } = await serve(
      () => ({
        async sum(values) {
          await gate.promise;
          let count = 0;
          for await (const _ of values) if (++count === 2) break;
          return { count };
        },
        reset: () => ({}),
      }),
      { concurrency: 'multiple' },
    );
    const { client } = join(address);
    const sum = client.service.sum(counting(state)());
    await client.service.reset();
    await client.service.reset();
    expect(state.made).toBeLessThanOrEqual(256 + 1);
    gate.resolve();
    expect(await sum).toMatchObject({ count: 2 });
    await eventually(() => expect(state.left).toBe(true));
  });
});

describe('a loop over a request stream, in a handler', () => {
  it('slows the client down, and throws if that leaves', async () => {
    const failed = deferred<unknown>();
    const { address } = await serve(() => ({
      async sum(values) {
        let sum = 0n;
        let count = 0;
        try {
          for await (const { value } of values) {
            sum += BigInt(value);
            count += 1;
          }
        } catch (error) {
          failed.resolve(error);
        }
        return { sum, count };
      },
    }));
    const { client } = join(address);
    await expect(client.service.sum(upTo(1_000).map((value) => ({ value })))).resolves.toMatchObject({ sum: 499_500n });
    const leaving = new AbortController();
    let asked = 0;
    const endless = (async function* () {
      for (; ; asked++) {
        yield { value: asked };
        if (asked === 100) leaving.abort();
      }
    })();
    expect(await rejectionOf(client.service.sum(endless, { signal: leaving.signal }))).toMatchObject({
      kind: 'cancelled',
    });
    expect(await failed.promise).toMatchObject({ kind: 'cancelled' });
  });
});
