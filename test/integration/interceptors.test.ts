import { type CallLog, Code, DuplexError, deadline, Fault, type Interceptor, logging, validation } from 'grpc-duplex';
import { from, isObservable, lastValueFrom, map, type Observable, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { eventually } from '../support/observe.js';
import { rejectionOf } from '../support/thrown-by.js';

/** Notes what passes it, both ways. */
function noting(name: string, log: string[]): Interceptor {
  return {
    incoming({ method, request, call }, next) {
      log.push(`${name} in ${method.localName} ${call.headers.get('user') ?? 'nobody'}`);
      return next(request);
    },
    outgoing({ method, request, options }, next) {
      log.push(`${name} out ${method.localName}`);
      return next(request, { ...options, headers: { ...options.headers, user: name } });
    },
  };
}

const everyEcho = {
  echo: ({ text }: { text: string }) => ({ text }),
  note: () => {},
};

describe('interceptors', () => {
  it('stand around operations and callbacks on both sides, the first one outermost', async () => {
    const log: string[] = [];
    const { address } = await serve(
      (session) => ({
        async ask() {
          await session.callback.noted();
          return session.callback.confirm();
        },
      }),
      { interceptors: [noting('host 1', log), noting('host 2', log)] },
    );
    const { client } = join(address, {
      handler: { confirm: () => ({ answer: 'yes' }) },
      interceptors: [noting('client', log)],
    });
    await expect(client.service.ask()).resolves.toEqual({ answer: 'yes' });
    const of = (side: string) => log.filter((line) => line.startsWith(side));
    expect(of('client')).toEqual(['client out ask', 'client in noted host 2', 'client in confirm host 2']);
    expect(of('host')).toEqual([
      'host 1 in ask client',
      'host 2 in ask client',
      'host 1 out noted',
      'host 2 out noted',
      'host 1 out confirm',
      'host 2 out confirm',
    ]);
  });

  it.each<[string, Interceptor['incoming'], string]>([
    ['at once', ({ request }, next) => void next(request), 'its handler returned something'],
    ['later', async ({ request }, next) => void next(request), 'its handler returned something'],
    ['without next', () => undefined, 'did not call next'],
  ])('fail the call if they forget their return, and the host hears why: %s', async (_, incoming, why) => {
    const handlers = {
      ...everyEcho,
      divide: async () => ({ quotient: 1 }),
      count: () => from([{ value: 1 }]),
    };
    const { address, errors } = await serve(() => handlers, { interceptors: [{ incoming } as Interceptor] });
    const { client } = join(address);
    const calls = [client.service.echo(), client.service.divide(), lastValueFrom(client.service.count())];
    for (const call of calls) expect(await rejectionOf(call)).toMatchObject({ code: Code.INTERNAL, executed: 'yes' });
    expect(errors.map(({ method }) => method).sort()).toEqual(['count', 'divide', 'echo']);
    for (const { error } of errors) expect(error.message).toContain(`${why}: write return next(request)`);
    // What has no answer has nothing to return.
    await client.service.note();
    expect(client.status).toBe('opened');
  });

  it.each<[string, Interceptor]>([
    ['', { incoming: ({ request }, next) => void next(request) }],
    [', asynchronous ones neither', { incoming: async ({ request }, next) => void next(request) }],
    [', nor a wait', { incoming: async ({ request }, next) => void (await next(request)) }],
  ])('lose no failure of a one-way call, and no order, by a forgotten return%s', async (_, interceptor) => {
    const log: string[] = [];
    const { address, errors } = await serve(
      () => ({
        async note({ index }) {
          log.push(`begin ${index}`);
          await new Promise((resolve) => setImmediate(resolve));
          log.push(`end ${index}`);
          if (index === 2) throw new Error('late');
        },
      }),
      { interceptors: [interceptor, interceptor] },
    );
    const { client } = join(address);
    for (const index of [1, 2, 3]) client.service.note({ index });
    await client.close();
    expect(log).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
    expect(errors).toMatchObject([{ error: { message: expect.stringContaining('late') }, method: 'note' }]);
  });

  it('may deal with the failure of a one-way call themselves', async () => {
    const dealtWith: unknown[] = [];
    const { address, errors } = await serve(() => ({ note: () => Promise.reject(new Error('late')) }), {
      interceptors: [
        {
          async incoming({ request }, next) {
            try {
              await next(request);
            } catch (error) {
              dealtWith.push(error);
            }
          },
        },
      ],
    });
    const { client } = join(address);
    client.service.note();
    await client.close();
    expect(dealtWith).toMatchObject([{ message: 'late' }]);
    expect(errors).toEqual([]);
  });

  it('refuse a message that is a promise, by name', async () => {
    const { address } = await serve(() => everyEcho);
    const { client } = join(address, { interceptors: [{ message: async (message: unknown) => message }] });
    const refused = await rejectionOf(client.service.echo({ text: 'a' }));
    expect(refused).toMatchObject({ code: Code.INVALID_ARGUMENT, executed: 'no' });
    expect(refused).toHaveProperty('message', expect.stringContaining('returned a promise for the request of echo'));
  });

  it('may leave a handler alone that fails later, and the process lives', async () => {
    const { address } = await serve(() => ({ echo: () => Promise.reject(new Error('late')) }), {
      interceptors: [
        {
          async incoming({ request }, next) {
            void next(request);
            await new Promise((resolve) => setImmediate(resolve));
            return { text: 'mine' };
          },
        },
      ],
    });
    await expect(join(address).client.service.echo()).resolves.toMatchObject({ text: 'mine' });
  });

  it('may change requests and replies, answer in place of the handler, or refuse', async () => {
    const guard: Interceptor = {
      async incoming({ method, request, call }, next) {
        if (method.localName !== 'echo') return next(request);
        if (call.headers.get('user') === undefined) throw new Fault(Code.UNAUTHENTICATED, 'who are you?');
        const { text } = request as { text: string };
        if (text === 'cached') return { text: 'from the cache' };
        const reply = (await next({ ...(request as object), text: `${text}!` })) as { text: string };
        return { text: reply.text.toUpperCase() };
      },
    };
    const { address, errors } = await serve(() => everyEcho, { interceptors: [guard] });
    const { client } = join(address);
    const headers = { user: 'ann' };
    expect(await rejectionOf(client.service.echo())).toMatchObject({ code: Code.UNAUTHENTICATED, origin: 'remote' });
    await expect(client.service.echo({ text: 'hi' }, { headers })).resolves.toMatchObject({ text: 'HI!' });
    await expect(client.service.echo({ text: 'cached' }, { headers })).resolves.toMatchObject({
      text: 'from the cache',
    });
    expect(errors).toEqual([]);
  });

  it('see streams whole: the request as an observable, the replies as what the handler returns', async () => {
    const { address } = await serve(
      () => ({
        count: () => [{ value: 1 }, { value: 2 }],
        sum: async (requests) => ({
          count: (await new Promise<unknown[]>((resolve) => requests.pipe(toArray()).subscribe(resolve))).length,
        }),
      }),
      {
        interceptors: [
          {
            incoming({ method, request }, next) {
              if (method.shape === 'request-stream') expect(isObservable(request)).toBe(true);
              const result = next(request);
              if (method.shape !== 'reply-stream') return result;
              return from(result as { value: number }[]).pipe(map(({ value }) => ({ value: value * 10 })));
            },
          },
        ],
      },
    );
    const { client } = join(address);
    const values: number[] = [];
    await new Promise<void>((complete) => {
      client.service.count().subscribe({ next: ({ value }) => values.push(value), complete });
    });
    expect(values).toEqual([10, 20]);
    await expect(client.service.sum([{ value: 1 }, { value: 2 }])).resolves.toMatchObject({ count: 2 });
  });

  it('that throw before a call is made fail it as calls fail: nothing is thrown, and nothing is unhandled', async () => {
    const { address } = await serve(() => everyEcho);
    const { client, errors } = join(address, {
      interceptors: [
        {
          outgoing({ method }) {
            throw new DuplexError('cancelled', `not ${method.localName}`);
          },
        },
      ],
    });
    expect(await rejectionOf(client.service.echo())).toMatchObject({ kind: 'cancelled', message: 'not echo' });
    await expect(client.service.note()).rejects.toMatchObject({ message: 'not note' });
    const failed = new Promise((error) => client.service.count().subscribe({ error }));
    expect(await failed).toMatchObject({ message: 'not count' });
    void client.service.echo();
    client.service.note();
    await eventually(() => expect(errors).toMatchObject([{ method: 'note', error: { message: 'not note' } }]));
  });

  it('may be asynchronous on the way out, and left alone', async () => {
    const { address } = await serve(() => everyEcho);
    const { client } = join(address, {
      interceptors: [
        {
          async outgoing({ method, request, options }, next) {
            await Promise.resolve();
            if (method.localName === 'divide') throw new Error('never');
            return next(request, options);
          },
        },
      ],
    });
    void client.service.divide();
    await expect(client.service.echo({ text: 'late' })).resolves.toMatchObject({ text: 'late' });
  });

  it('may be asynchronous around every shape of call: streams stream, and what is one-way keeps its order', async () => {
    const texts: string[] = [];
    const { address } = await serve(() => ({
      ...everyEcho,
      note: ({ text }) => void texts.push(text),
      count: () => [{ value: 1 }, { value: 2 }],
    }));
    const { client } = join(address, {
      interceptors: [{ outgoing: async ({ request, options }, next) => next(request, options) }],
    });
    for (let index = 0; index < 10; index++) void client.service.note({ text: `${index}` });
    await client.service.note({ text: '10' });
    await client.service.echo({ text: 'all' });
    expect(texts).toEqual(Array.from({ length: 11 }, (_, index) => `${index}`));
    const looped: number[] = [];
    for await (const { value } of client.service.count({ count: 2 })) looped.push(value);
    const subscribed = await lastValueFrom(client.service.count({ count: 2 }).pipe(toArray()));
    expect(subscribed).toMatchObject(looped.map((value) => ({ value })));
    expect(looped).toHaveLength(2);
  });

  it('that make another observable of a reply stream leave it what loops can take', async () => {
    let letGo = 0;
    const { address } = await serve(() => ({
      async *count({ count }) {
        try {
          for (let value = 0; value < count; value++) yield { value };
        } finally {
          letGo += 1;
        }
      },
    }));
    const logged: string[] = [];
    const { client } = join(address, { interceptors: [logging(({ method }) => logged.push(method))] });
    const values: number[] = [];
    for await (const { value } of client.service.count({ count: 3 })) values.push(value);
    expect(values).toEqual([0, 1, 2]);
    for await (const { value } of client.service.count({ count: 100_000 })) if (value === 1) break;
    await eventually(() => expect(letGo).toBe(2));
    expect(logged).toEqual(['count', 'count']);
  });

  it('that fail late fail their call in its shape, and are told of where it is left alone', async () => {
    const { address } = await serve(() => everyEcho);
    const { client, errors } = join(address, {
      interceptors: [
        {
          async outgoing({ method }) {
            await Promise.resolve();
            throw new Error(`not ${method.localName}`);
          },
        },
      ],
    });
    expect(await rejectionOf(client.service.note())).toMatchObject({ message: 'not note' });
    const failed = new Promise((error) => client.service.count().subscribe({ error }));
    expect(await failed).toMatchObject({ kind: 'fault', message: 'not count' });
    client.service.note();
    client.service.count().subscribe();
    void client.service.count();
    await eventually(() => expect(errors.map(({ error }) => error.message).sort()).toEqual(['not count', 'not note']));
  });

  it('that hold a one-way call back are told that it is not made, instead of being overtaken', async () => {
    const texts: string[] = [];
    const { address } = await serve(() => ({ ...everyEcho, note: ({ text }) => void texts.push(text) }));
    const { client, errors } = join(address, {
      interceptors: [
        {
          async outgoing({ request, options }, next) {
            await Promise.resolve();
            return next(request, options);
          },
        },
      ],
    });
    const message = 'an interceptor held note back: one-way calls keep their order, so call next before any await';
    expect(await rejectionOf(client.service.note({ text: 'a' }))).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      message,
    });
    client.service.note({ text: 'b' });
    await eventually(() => expect(errors).toMatchObject([{ method: 'note', error: { message } }]));
    await client.service.echo({ text: 'all' });
    expect(texts).toEqual([]);
  });

  it.each([
    ['echo', 'a promise'],
    ['note', 'a Sent'],
    ['count', 'an observable'],
  ] as const)('that return nothing for %s are told what they may', async (name, shape) => {
    const { address } = await serve(() => everyEcho);
    const { client } = join(address, { interceptors: [{ outgoing: () => undefined }] });
    const call: PromiseLike<unknown> | Observable<unknown> = client.service[name]({});
    const error = await rejectionOf(isObservable(call) ? lastValueFrom(call) : call);
    expect(error).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      message: `an interceptor returned undefined for ${name}: return what next returns, or ${shape} of your own`,
    });
  });
});

describe('interceptors of messages', () => {
  it('see and may change every message of calls, items of streams included, on both sides', async () => {
    const log: string[] = [];
    const tell = (side: string): Interceptor => ({
      message(message, { method, part, direction }) {
        log.push(`${side} ${direction} ${method.localName} ${part}`);
        if (method.localName !== 'count' || part !== 'reply' || direction === 'in') return message;
        return { value: (message as { value: number }).value + 100 };
      },
    });
    const { address } = await serve(() => ({ ...everyEcho, count: () => [{ value: 1 }, { value: 2 }] }), {
      interceptors: [tell('host')],
    });
    const { client } = join(address, { interceptors: [tell('client')] });
    await client.service.echo({ text: 'x' });
    expect(log.splice(0)).toEqual([
      'client out echo request',
      'host in echo request',
      'host out echo reply',
      'client in echo reply',
    ]);
    const values: number[] = [];
    await new Promise<void>((complete) => {
      client.service.count().subscribe({ next: ({ value }) => values.push(value), complete });
    });
    expect(values).toEqual([101, 102]);
    expect(log.filter((line) => line === 'host out count reply')).toHaveLength(2);
  });
});

describe('the interceptors that come with the library', () => {
  it('log each call once, with its outcome', async () => {
    const calls: CallLog[] = [];
    const { address } = await serve(
      () => ({
        ...everyEcho,
        divide: () => {
          throw new Fault(Code.OUT_OF_RANGE, 'too far');
        },
        count: () => [{ value: 1 }],
      }),
      { interceptors: [logging((call) => calls.push(call))] },
    );
    const mine: CallLog[] = [];
    const { client } = join(address, { interceptors: [logging((call) => mine.push(call))] });
    await client.service.echo();
    await client.service.note();
    await rejectionOf(client.service.divide());
    await new Promise<void>((complete) => {
      client.service.count().subscribe({ complete });
    });
    const lines = (log: readonly CallLog[]) =>
      log.map(({ direction, method, error }) => `${direction} ${method} ${error?.code ?? 'ok'}`);
    expect(lines(calls)).toEqual(['in echo ok', 'in note ok', 'in divide 11', 'in count ok']);
    expect(lines(mine)).toEqual(['out echo ok', 'out note ok', 'out divide 11', 'out count ok']);
    expect(mine.every(({ durationMs }) => durationMs >= 0)).toBe(true);
  });

  it('log a reply stream when it is over, whichever way, before anybody else hears of it', async () => {
    const { address } = await serve(() => ({
      async *count({ count }) {
        yield { value: 1 };
        if (count === 0) throw new Fault(Code.OUT_OF_RANGE, 'too far');
        await new Promise(() => {});
      },
    }));
    const said: string[] = [];
    const { client } = join(address, {
      interceptors: [logging(({ error }) => said.push(`logged ${error?.code ?? 'ok'}`))],
    });
    await new Promise<void>((resolve) => {
      client.service.count({ count: 0 }).subscribe({
        error: () => {
          said.push('heard');
          resolve();
        },
      });
    });
    expect(said.splice(0)).toEqual(['logged 11', 'heard']);
    await new Promise<void>((resolve) => {
      const subscription = client.service.count({ count: 1 }).subscribe(() => {
        queueMicrotask(() => {
          subscription.unsubscribe();
          resolve();
        });
      });
    });
    expect(said).toEqual(['logged ok']);
  });

  it('give calls a deadline that say nothing of their own', async () => {
    const { address } = await serve(() => ({
      echo: ({ text }, { deadline: by }) => (by ? { text } : new Promise(() => {})),
    }));
    const { client } = join(address, { interceptors: [deadline(20_000)] });
    await expect(client.service.echo({ text: 'in time' })).resolves.toMatchObject({ text: 'in time' });
  });

  it('refuse what is not valid: requests at the host, replies at the client', async () => {
    const noX = validation((message) => (JSON.stringify(message).includes('"X"') ? 'X is not allowed' : undefined));
    const { address, errors } = await serve(() => ({ echo: ({ text }) => ({ text: text.toUpperCase() }) }), {
      interceptors: [noX],
    });
    const strict = join(address, { interceptors: [noX] }).client;
    const lax = join(address).client;
    for (const client of [strict, lax]) {
      expect(await rejectionOf(client.service.echo({ text: 'X' }))).toMatchObject({
        code: Code.INVALID_ARGUMENT,
        message: 'X is not allowed',
        origin: 'remote',
      });
    }
    await expect(lax.service.echo({ text: 'x' })).resolves.toMatchObject({ text: 'X' });
    expect(await rejectionOf(strict.service.echo({ text: 'x' }))).toMatchObject({ message: 'X is not allowed' });
    expect(errors).toEqual([]);
    expect(strict.status).toBe('opened');
  });
});
