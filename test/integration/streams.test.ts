import { Code, DuplexError, Fault } from 'grpc-duplex';
import { firstValueFrom, from, interval, lastValueFrom, map, Observable, Subject, take, toArray } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { join, serve } from '../support/everything.js';

async function* upTo(count: number): AsyncGenerator<{ value: number }> {
  for (let value = 1; value <= count; value++) yield { value };
}

describe('a reply stream', () => {
  test('delivers every item of an async iterable in order and then completes', async () => {
    const { address } = await serve(() => ({ count: ({ count }) => upTo(count) }));
    const { client } = join(address);
    const replies = await lastValueFrom(client.service.count({ count: 10_000 }).pipe(toArray()));
    expect(replies.map(({ value }) => value)).toEqual(Array.from({ length: 10_000 }, (_, i) => i + 1));
  });

  test('may be served from an observable', async () => {
    const { address } = await serve(() => ({
      count: ({ count }) =>
        from([1, 2, 3]).pipe(
          take(count),
          map((value) => ({ value })),
        ),
    }));
    const { client } = join(address);
    expect(await lastValueFrom(client.service.count({ count: 2 }).pipe(toArray()))).toEqual([
      { value: 1 },
      { value: 2 },
    ]);
  });

  test('is a call of its own for each subscriber', async () => {
    let calls = 0;
    const { address } = await serve(() => ({ count: () => upTo(++calls) }));
    const { client } = join(address);
    const counted = client.service.count();
    expect(await lastValueFrom(counted.pipe(toArray()))).toHaveLength(1);
    expect(await lastValueFrom(counted.pipe(toArray()))).toHaveLength(2);
  });

  test('errors with the typed fault that the handler throws in the middle, after what it sent before', async () => {
    const { address } = await serve(() => ({
      async *count() {
        yield { value: 1 };
        throw new Fault(Code.OUT_OF_RANGE, 'that is all');
      },
    }));
    const { client } = join(address);
    const seen: number[] = [];
    const error = await new Promise<unknown>((resolve) => {
      client.service.count().subscribe({ next: ({ value }) => seen.push(value), error: resolve });
    });
    expect(seen).toEqual([1]);
    expect(error).toMatchObject({ kind: 'fault', code: Code.OUT_OF_RANGE, message: 'that is all', origin: 'remote' });
  });

  test('is cancelled at the service by unsubscribing', async () => {
    const stopped = new Subject<string>();
    const { address } = await serve(() => ({
      count: (_, call) => {
        call.signal.addEventListener('abort', () => stopped.next('signal'));
        return interval(1).pipe(map((value) => ({ value })));
      },
    }));
    const { client } = join(address);
    const cancelled = firstValueFrom(stopped);
    await firstValueFrom(client.service.count());
    expect(await cancelled).toBe('signal');
  });

  test('asks an async iterable for no more than the client takes', async () => {
    let asked = 0;
    const { address } = await serve(() => ({
      async *count() {
        for (;;) {
          asked += 1;
          yield { value: asked };
        }
      },
    }));
    const { client } = join(address);
    // The client takes ten and leaves; the service may be at most the credit ahead.
    await lastValueFrom(client.service.count().pipe(take(10)));
    await client.close();
    expect(asked).toBeLessThan(2_000);
  });

  test('does not keep the operations behind it from running', async () => {
    const { address } = await serve(() => ({
      count: () => new Observable<{ value: number }>((subscriber) => subscriber.next({ value: 1 })),
      echo: ({ text }) => ({ text }),
    }));
    const { client } = join(address);
    const subscription = client.service.count().subscribe();
    expect(await client.service.echo({ text: 'through' })).toMatchObject({ text: 'through' });
    subscription.unsubscribe();
    expect((await client.close()).kind).toBe('closed');
  });
});

describe('a request stream', () => {
  test('is answered once all its items have arrived', async () => {
    const { address } = await serve(() => ({
      sum: async (requests) => {
        const values = await lastValueFrom(requests.pipe(toArray()));
        return { count: values.length, sum: values.reduce((sum, { value }) => sum + BigInt(value), 0n) };
      },
    }));
    const { client } = join(address);
    expect(await client.service.sum(upTo(5_000))).toEqual({ count: 5_000, sum: 12_502_500n });
    expect(await client.service.sum(from([{ value: 7 }]))).toEqual({ count: 1, sum: 7n });
    expect(await client.service.sum([])).toEqual({ count: 0, sum: 0n });
  });

  test('fails its call with the error of its source, and the handler hears of it', async () => {
    const heard = new Subject<unknown>();
    const { address } = await serve(() => ({
      sum: (requests) => {
        requests.subscribe({ error: (error: unknown) => heard.next(error) });
        return new Promise(() => {});
      },
    }));
    const { client } = join(address);
    const atService = firstValueFrom(heard);
    const requests = (async function* () {
      yield { value: 1 };
      throw new Error('the disk is gone');
    })();
    await expect(client.service.sum(requests)).rejects.toThrow('the disk is gone');
    expect(await atService).toMatchObject({ kind: 'cancelled', origin: 'remote' });
  });
});

describe('streams both ways', () => {
  test('run at the same time, in both directions of the contract', async () => {
    const { address, sessions } = await serve(() => ({
      chat: (requests) => requests.pipe(map(({ text }) => ({ text: text.toUpperCase() }))),
    }));
    const { client } = join(address, {
      handler: { mirror: (requests) => requests },
    });
    const chat = lastValueFrom(client.service.chat(from(['a', 'b', 'c'].map((text) => ({ text })))).pipe(toArray()));
    expect((await chat).map(({ text }) => text)).toEqual(['A', 'B', 'C']);
    const mirrored = sessions[0]?.callback.mirror(from([{ text: 'x' }, { text: 'y' }]));
    expect(await lastValueFrom((mirrored as NonNullable<typeof mirrored>).pipe(toArray()))).toMatchObject([
      { text: 'x' },
      { text: 'y' },
    ]);
  });
});

test('a stream that is open when its session is aborted errors at once, typed', async () => {
  const { address } = await serve(() => ({ count: () => new Observable() }));
  const { client } = join(address);
  await client.open();
  const failed = new Promise<unknown>((resolve) => client.service.count().subscribe({ error: resolve }));
  client.abort('enough');
  const error = await failed;
  expect(error).toBeInstanceOf(DuplexError);
  expect(error).toMatchObject({ kind: 'closed', executed: 'maybe' });
});
