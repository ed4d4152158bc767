import { Code, DuplexError, Fault, logging } from 'grpc-duplex';
import {
  concat,
  concatMap,
  EMPTY,
  finalize,
  firstValueFrom,
  from,
  interval,
  lastValueFrom,
  map,
  NEVER,
  type Observable,
  type ObservableInput,
  observable,
  of,
  range,
  retry,
  Subject,
  take,
  throwError,
  toArray,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import type { SumRequest } from '../support/gen/testing/v1/everything.js';
import { deferred, eventually } from '../support/observe.js';
import { rejectionOf } from '../support/thrown-by.js';

const upTo = (length: number): number[] => Array.from({ length }, (_, index) => index);

async function* counting(count: number) {
  for (let value = 0; value < count; value++) yield { value };
}

describe('a reply stream', () => {
  it.each([
    ['an async iterable', (count: number) => counting(count)],
    ['an iterable', (count: number) => upTo(count).map((value) => ({ value }))],
    ['an observable', (count: number) => from(upTo(count)).pipe(map((value) => ({ value })))],
  ])('is served from %s, in order, and completes', async (_, source) => {
    const { address } = await serve(() => ({ count: ({ count }) => source(count) }));
    const { client } = join(address);
    for (const count of [0, 1, 1_000]) {
      const values = await lastValueFrom(
        client.service.count({ count }).pipe(
          map(({ value }) => value),
          toArray(),
        ),
      );
      expect(values).toEqual(upTo(count));
    }
  });

  it('is served from whatever else rxjs makes a stream of, and fails for what it does not', async () => {
    const interop = { [observable]: () => of({ value: 7 }) };
    const arrayLike = { length: 1, 0: { value: 8 } };
    const web = new ReadableStream({
      start(controller) {
        controller.enqueue({ value: 9 });
        controller.close();
      },
    });
    const readable = { getReader: () => web.getReader() };
    const sources = [interop, arrayLike, readable, {}] as unknown as readonly ObservableInput<{ value: number }>[];
    const { address } = await serve(() => ({ count: ({ count }) => sources[count] ?? EMPTY }));
    const { client } = join(address);
    const replies = [0, 1, 2].map((count) => lastValueFrom(client.service.count({ count }).pipe(toArray())));
    expect(await Promise.all(replies)).toMatchObject([[{ value: 7 }], [{ value: 8 }], [{ value: 9 }]]);
    expect(web.locked).toBe(false);
    await expect(lastValueFrom(client.service.count({ count: 3 }))).rejects.toMatchObject({ code: Code.INTERNAL });
  });

  it('has all that a foreign observable says in the turn in which it is returned', async () => {
    const told: { next(item: { value: number }): void; complete(): void }[] = [];
    const foreign = { [observable]: () => ({ subscribe: (to: (typeof told)[0]) => void told.push(to) }) };
    const { address } = await serve(() => ({
      count() {
        queueMicrotask(() => {
          for (const to of told) {
            to.next({ value: 1 });
            to.complete();
          }
        });
        return foreign as unknown as Observable<{ value: number }>;
      },
    }));
    const { client } = join(address);
    await expect(lastValueFrom(client.service.count({}).pipe(toArray()))).resolves.toEqual([{ value: 1 }]);
  });

  it('begins when somebody subscribes, anew for each', async () => {
    let calls = 0;
    const { address } = await serve(() => ({
      count({ count }) {
        calls += 1;
        return counting(count);
      },
      reset: () => ({}),
    }));
    const { client } = join(address);
    const count$ = client.service.count({ count: 3 });
    await client.service.reset();
    expect(calls).toBe(0);
    await Promise.all([lastValueFrom(count$), lastValueFrom(count$)]);
    expect(calls).toBe(2);
  });

  it('ends at the service when its subscriber leaves: the source is let go', async () => {
    const left = deferred<string>();
    const { address } = await serve(() => ({
      async *count(_, { signal }) {
        signal.addEventListener('abort', () => {});
        try {
          for (let value = 0; ; value++) {
            yield { value };
            await new Promise((resolve) => setImmediate(resolve));
          }
        } finally {
          left.resolve('let go');
        }
      },
    }));
    const { client } = join(address);
    const values = await lastValueFrom(client.service.count().pipe(take(5), toArray()));
    expect(values.map(({ value }) => value)).toEqual([0, 1, 2, 3, 4]);
    expect(await left.promise).toBe('let go');
    expect(client.status).toBe('opened');
  });

  it('that fails errors with the fault, after what came before it', async () => {
    const { address } = await serve(() => ({
      async *count() {
        yield { value: 1 };
        throw new Fault(Code.OUT_OF_RANGE, 'too far');
      },
    }));
    const { client } = join(address);
    const seen: unknown[] = [];
    const error = await rejectionOf(
      new Promise((_, reject) => client.service.count().subscribe({ next: (item) => seen.push(item), error: reject })),
    );
    expect(error).toMatchObject({ kind: 'fault', code: Code.OUT_OF_RANGE, message: 'too far', origin: 'remote' });
    expect(seen).toEqual([{ value: 1 }]);
  });

  it.each([
    ['fails', throwError(() => new Fault(Code.OUT_OF_RANGE, 'too far')), Code.OUT_OF_RANGE],
    ['gives what cannot be encoded', of({ value: 'no number' as unknown as number }), Code.INTERNAL],
  ])('from an observable that %s errors after all that waited for credit', async (_, end$, code) => {
    const isThere = deferred<void>();
    const values$ = from(upTo(1_000)).pipe(map((value) => ({ value })));
    const { address } = await serve(() => ({
      count: () => concat(values$, end$).pipe(finalize(() => isThere.resolve())),
    }));
    const { client } = join(address);
    const seen: number[] = [];
    const reading = async () => {
      for await (const { value } of client.service.count()) {
        // The source is through by then, and the reader has asked for the first ones only.
        await isThere.promise;
        seen.push(value);
      }
    };
    expect(await rejectionOf(reading())).toMatchObject({ kind: 'fault', code });
    expect(seen).toEqual(upTo(1_000));
  });

  it('whose subscriber leaves before the failure of its source is told says at the host what failed', async () => {
    const values$ = from(upTo(1_000)).pipe(map((value) => ({ value })));
    const { address, errors } = await serve(() => ({
      count: () =>
        concat(
          values$,
          throwError(() => new Error('the disk is full')),
        ),
    }));
    const { client } = join(address);
    // A loop that asks for one item grants no more than the first window.
    for await (const _ of client.service.count()) break;
    const message = expect.stringContaining('the disk is full');
    await eventually(() => expect(errors).toMatchObject([{ method: 'count', error: { message } }]));
  });

  it.each([
    ['alone', []],
    ['behind an interceptor that logs', [logging(() => {})]],
  ])('of an observable that says all at once leaves it when nobody wants more: %s', async (_, interceptors) => {
    let said = 0;
    const source$ = range(0, 100_000).pipe(map((value) => ({ value: said++ || value })));
    const { address } = await serve(() => ({ count: () => source$ }), { interceptors });
    const { client } = join(address);
    await expect(lastValueFrom(client.service.count())).rejects.toMatchObject({ kind: 'fault' });
    expect(said).toBeLessThan(2_000);
  });

  it('that fails may be tried again by `retry`', async () => {
    let attempts = 0;
    const { address } = await serve(() => ({
      count() {
        attempts += 1;
        return attempts < 3 ? throwError(() => new Fault(Code.UNAVAILABLE, 'not yet')) : of({ value: attempts });
      },
    }));
    const { client } = join(address);
    await expect(firstValueFrom(client.service.count().pipe(retry(5)))).resolves.toEqual({ value: 3 });
  });

  it('errors when the session ends, with the reason', async () => {
    const { address } = await serve(() => ({ count: () => NEVER }));
    const { client } = join(address);
    const failed = rejectionOf(lastValueFrom(client.service.count()));
    await client.open();
    client.abort('enough');
    expect(await failed).toMatchObject({ kind: 'closed', message: 'enough' });
    expect(await rejectionOf(lastValueFrom(client.service.count()))).toMatchObject({ kind: 'closed', executed: 'no' });
  });

  it('is slowed down by a slow subscriber when it comes from an iterable', async () => {
    let produced = 0;
    const { address } = await serve(() => ({
      async *count({ count }) {
        for (let value = 0; value < count; value++) {
          produced += 1;
          yield { value };
        }
      },
    }));
    const gate = deferred();
    const { address: slow } = await serve((session) => ({
      // This service is the slow one: it takes one item of the client's stream, then waits.
      async sum(values) {
        await firstValueFrom(values);
        await gate.promise;
        return { count: session.id.length };
      },
    }));
    const fast = join(address).client;
    const slowly = join(slow).client;
    let asked = 0;
    async function* endless() {
      for (let value = 0; ; value++) {
        asked += 1;
        yield { value };
      }
    }
    void slowly.service.sum(endless()).catch(() => {});
    await expect(lastValueFrom(fast.service.count({ count: 5_000 }))).resolves.toEqual({ value: 4_999 });
    expect(produced).toBe(5_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    // The credit of a stream is 256 items, renewed as they are taken.
    expect(asked).toBeLessThan(1_000);
    gate.resolve();
  });

  it('from an observable that the receiver cannot follow fails, typed, instead of filling the memory', async () => {
    const { address } = await serve(() => ({
      async sum(values) {
        await firstValueFrom(values);
        return new Promise(() => {});
      },
    }));
    const { client } = join(address);
    await client.open();
    const flood = from(upTo(100_000)).pipe(map((value) => ({ value })));
    const burst = client.service.sum(flood.pipe(concatMap((item) => of(item))));
    expect(await rejectionOf(burst)).toMatchObject({ code: Code.RESOURCE_EXHAUSTED, origin: 'local' });
    expect(client.status).toBe('opened');
  });

  it('keeps the operations behind it in line only until it has begun', async () => {
    const { address } = await serve(() => ({ count: () => NEVER, echo: ({ text }) => ({ text }) }));
    const { client } = join(address);
    const subscription = client.service.count().subscribe({ error: () => {} });
    await expect(client.service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'a' });
    subscription.unsubscribe();
  });
});

describe('a request stream', () => {
  const summing = () => ({
    async sum(values: Observable<SumRequest>) {
      let count = 0;
      let sum = 0;
      await new Promise<void>((resolve, reject) =>
        values.subscribe({
          next({ value }) {
            count += 1;
            sum += value;
          },
          error: reject,
          complete: resolve,
        }),
      );
      return { count, sum: BigInt(sum) };
    },
  });

  it.each([
    ['an async iterable', () => counting(2_000)],
    [
      'an observable',
      () =>
        from(upTo(2_000)).pipe(
          concatMap((value) => of({ value })),
          take(1_000),
        ),
    ],
    ['nothing', () => EMPTY],
  ])('of %s arrives whole and is answered once', async (what, source) => {
    const { address } = await serve(summing);
    const { client } = join(address);
    await client.open();
    const { count, sum } = await client.service.sum(source());
    const expected = what === 'nothing' ? 0 : what === 'an observable' ? 1_000 : 2_000;
    expect({ count, sum: BigInt(sum) }).toEqual({
      count: expected,
      sum: (BigInt(expected) * BigInt(expected - 1)) / 2n,
    });
  });

  it('of an observable that the service does not follow fails, typed, instead of filling the memory', async () => {
    const { address } = await serve(() => ({ sum: () => new Promise(() => {}) }));
    const { client } = join(address);
    const values = new Subject<{ value: number }>();
    const failing = rejectionOf(client.service.sum(values));
    await client.open();
    let taken = 0;
    for (; taken < 5_000 && values.observed; taken++) values.next({ value: taken });
    expect(await failing).toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
    expect(taken).toBeLessThanOrEqual(256 + 1_024 + 1);
  });

  it('whose source fails cancels the call', async () => {
    const errored = deferred<unknown>();
    const { address } = await serve(() => ({
      sum(values) {
        values.subscribe({ error: errored.resolve });
        return new Promise(() => {});
      },
    }));
    const { client } = join(address);
    const source = throwError(() => new Error('disk'));
    expect(await rejectionOf(client.service.sum(source))).toMatchObject({ message: 'disk', origin: 'local' });
    expect(await errored.promise).toBeInstanceOf(DuplexError);
    expect(await errored.promise).toMatchObject({ kind: 'cancelled', origin: 'remote' });
  });

  it.each([
    ['nothing', undefined, 'undefined is no stream'],
    ['a text', 'abc', 'string is no stream'],
    ['an object', {}, 'an object is no stream'],
  ])('that is %s fails at once, and leaves no call behind', async (_, source, message) => {
    const { address } = await serve(() => ({
      sum(values) {
        return new Promise((_, reject) => {
          values.subscribe({ error: reject });
        });
      },
    }));
    const { client } = join(address);
    const given = source as unknown as ObservableInput<SumRequest>;
    await expect(client.service.sum(given)).rejects.toThrow(message);
    // It waits for what runs at the service.
    await client.close();
  });

  it('may be cancelled by a signal: the source is let go', async () => {
    const { address } = await serve(() => ({ sum: () => new Promise(() => {}) }));
    const { client } = join(address);
    const abort = new AbortController();
    let subscribed = true;
    const watched = interval(1).pipe(
      map((value) => ({ value })),
      finalize(() => {
        subscribed = false;
      }),
    );
    const failed = rejectionOf(client.service.sum(watched, { signal: abort.signal }));
    await client.open();
    abort.abort();
    expect((await failed).kind).toBe('cancelled');
    await eventually(() => expect(subscribed).toBe(false));
  });
});

describe('streams both ways', () => {
  it('answer item by item', async () => {
    const { address } = await serve(() => ({ chat: (said$) => said$.pipe(map(({ text }) => ({ text: `${text}!` }))) }));
    const { client } = join(address);
    const said = from(['a', 'b', 'c']).pipe(map((text) => ({ text })));
    const answers = await lastValueFrom(
      client.service.chat(said).pipe(
        map(({ text }) => text),
        toArray(),
      ),
    );
    expect(answers).toEqual(['a!', 'b!', 'c!']);
  });
});

describe('streams of callbacks', () => {
  it('have the same shapes in the other direction', async () => {
    const { address, sessions } = await serve();
    const { client } = join(address, {
      handler: {
        watch: ({ count }) => counting(count),
        upload: async (parts$) => ({
          sizeBytes: BigInt(
            (await lastValueFrom(parts$.pipe(toArray()))).reduce((size, { part }) => size + part.length, 0),
          ),
        }),
        mirror: (said$) => said$.pipe(map(({ text }) => ({ text: [...text].reverse().join('') }))),
      },
    });
    await client.open();
    const [session] = sessions;
    if (session === undefined) throw new Error('no session');
    const watched = await lastValueFrom(
      session.callback.watch({ count: 500 }).pipe(
        map(({ value }) => value),
        toArray(),
      ),
    );
    expect(watched).toEqual(upTo(500));
    const { sizeBytes } = await session.callback.upload([{ part: new Uint8Array(3) }, { part: new Uint8Array(4) }]);
    expect(Number(sizeBytes)).toBe(7);
    await expect(lastValueFrom(session.callback.mirror(of({ text: 'abc' })))).resolves.toEqual({ text: 'cba' });
  });
});

describe('a stream whose source uses its memory again', () => {
  const count = 1_000;

  it.each([
    ['an observable', (parts: Iterable<{ part: Uint8Array }>) => from(parts)],
    ['an iterable', (parts: Iterable<{ part: Uint8Array }>) => parts],
  ])('has each item as it was when the source gave it, also those that wait: requests from %s', async (_, of) => {
    const seen: number[] = [];
    const { address, sessions } = await serve();
    const { client } = join(address, {
      handler: {
        async upload(parts$) {
          for await (const { part } of parts$) seen.push(Buffer.from(part).readUInt32LE());
          return {};
        },
      },
    });
    await client.open();
    function* parts() {
      const part = Buffer.alloc(4);
      for (let index = 0; index < count; index++) {
        part.writeUInt32LE(index);
        yield { part };
      }
      part.fill(0xff);
    }
    await sessions[0]?.callback.upload(of(parts()));
    expect(seen).toEqual(upTo(count));
  });

  it('has each item as it was when the source gave it, also those that wait: replies', async () => {
    const { address } = await serve(() => ({
      count() {
        const reply = { value: 0 };
        return from(upTo(count)).pipe(map((value) => Object.assign(reply, { value })));
      },
    }));
    const replies = join(address)
      .client.service.count()
      .pipe(
        map(({ value }) => value),
        toArray(),
      );
    expect(await lastValueFrom(replies)).toEqual(upTo(count));
  });
});
