import { Code, type Concurrency, type ConnectOptions } from 'grpc-duplex';
import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import type { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred, eventually } from '../support/observe.js';
import { rejectionOf } from '../support/thrown-by.js';

const WINDOW = 16_384;
const modes = ['single', 'reentrant', 'multiple'] as const;

/** Asks the client as long as `depth` lasts. The first await is there to leave the synchronous part behind. */
const asking = (session: Everything.Session): Pick<Everything.Handler, 'ask' | 'echo'> => ({
  async ask({ depth, question }) {
    await Promise.resolve();
    if (depth === 0) return { answer: question };
    const { answer } = await session.callback.confirm({ depth: depth - 1, question: `${question} ${depth}` });
    return { answer };
  },
  echo: ({ text }) => ({ text }),
});

/** A client that asks the service back as long as `depth` lasts. */
function joinAsking(address: string, options: ConnectOptions<Everything.Callbacks> = {}): Everything.Client {
  const { client } = join(address, {
    handler: {
      async confirm({ depth, question }) {
        await Promise.resolve();
        if (depth === 0) return { ok: true, answer: question };
        const { answer } = await client.service.ask({ depth: depth - 1, question: `${question} ${depth}` });
        return { ok: true, answer };
      },
    },
    ...options,
  });
  return client;
}

describe('calls that serve each other', () => {
  it.each(['reentrant', 'multiple'] as const)('nest to depth 7 in %s', async (concurrency) => {
    const { address } = await serve(asking, { concurrency });
    const client = joinAsking(address);
    await expect(client.service.ask({ depth: 7, question: 'from' })).resolves.toEqual({ answer: 'from 7 6 5 4 3 2 1' });
  });

  it.each(modes)('may be one callback that an operation awaits, in %s', async (concurrency) => {
    const { address } = await serve(asking, { concurrency });
    await expect(joinAsking(address).service.ask({ depth: 1, question: 'sure' })).resolves.toEqual({
      answer: 'sure 1',
    });
  });

  it('nest to depth 7 although both windows are full', async () => {
    const gate = deferred();
    const full = deferred();
    const answered = deferred<unknown>();
    const { address, sessions } = await serve(
      (session) => {
        const { ask } = asking(session);
        return {
          ask: async (request, call) => {
            await full.promise;
            const reply = await ask(request, call);
            if (request.depth === 7) answered.resolve(reply);
            return reply;
          },
          note: () => gate.promise,
        };
      },
      { concurrency: 'multiple' },
    );
    const client = joinAsking(address);
    client.handle({ noted: () => gate.promise });
    const answer = client.service.ask({ depth: 7, question: 'from' });
    const sent = { up: 0, down: 0 };
    // Handlers stand still on both sides, and what is behind them fills the windows.
    const sending = Promise.all([
      (async () => {
        for (; sent.up < WINDOW + 600; sent.up++) await client.service.note();
      })(),
      (async () => {
        await client.open();
        for (; sent.down < WINDOW + 600; sent.down++) await sessions[0]?.callback.noted();
      })(),
    ]);
    const stuck = { up: WINDOW + 255, down: WINDOW + 256 };
    await eventually(() => expect(sent).toEqual(stuck));
    full.resolve();
    expect(await answered.promise).toEqual({ answer: 'from 7 6 5 4 3 2 1' });
    expect(sent).toEqual(stuck);
    gate.resolve();
    await Promise.all([answer, sending]);
  });
});

describe('a call that would wait for itself', () => {
  it('fails at once in single, and names the chain and the way out', async () => {
    const caught: unknown[] = [];
    const { address } = await serve(asking);
    const { client } = join(address, {
      handler: {
        async confirm() {
          await Promise.resolve();
          // Without a time-out nothing but the detector ends it.
          caught.push(await rejectionOf(client.service.echo({ text: 'x' }, { timeoutMs: Number.POSITIVE_INFINITY })));
          return { ok: false, answer: 'went on' };
        },
      },
    });
    const options = { timeoutMs: Number.POSITIVE_INFINITY };
    await expect(client.service.ask({ depth: 1 }, options)).resolves.toEqual({ answer: 'went on' });
    expect(caught).toMatchObject([{ code: Code.FAILED_PRECONDITION, origin: 'remote' }]);
    expect(String(caught[0])).toMatch(/deadlock: ask → confirm → echo: .*choose concurrency 'reentrant'/);
    await expect(client.service.echo({ text: 'alive' })).resolves.toMatchObject({ text: 'alive' });
  });

  it('fails at once behind a full window, too', async () => {
    const { address } = await serve((session) => ({ ...asking(session), note: () => {} }));
    const caught = deferred<unknown>();
    const full = deferred();
    let sent = 0;
    const { client } = join(address, {
      handler: {
        async confirm() {
          full.resolve();
          await eventually(() => expect(sent).toBe(WINDOW));
          caught.resolve(await rejectionOf(client.service.echo({}, { timeoutMs: Number.POSITIVE_INFINITY })));
          return { ok: true };
        },
      },
    });
    const answer = client.service.ask({ depth: 1 }, { timeoutMs: Number.POSITIVE_INFINITY });
    await full.promise;
    for (; sent < WINDOW + 100; sent++) await client.service.note();
    await answer;
    expect(await caught.promise).toMatchObject({ code: Code.FAILED_PRECONDITION });
  });

  it('is found without the operation context where calls name their parent', async () => {
    const options = { timeoutMs: Number.POSITIVE_INFINITY };
    const { address } = await serve(
      (session) => ({
        echo: () => ({}),
        async ask(_, call) {
          const { answer } = await session.callback.confirm({}, { ...options, parent: call });
          return { answer };
        },
      }),
      { operationContext: false },
    );
    const { client } = join(address, {
      operationContext: false,
      handler: {
        async confirm(_, call) {
          const { message } = await rejectionOf(client.service.echo({}, { ...options, parent: call }));
          return { ok: false, answer: message };
        },
      },
    });
    expect((await client.service.ask({}, options)).answer).toContain('ask → confirm → echo');
  });

  it('is no call that waits for an operation which does not wait for it', async () => {
    const gate = deferred();
    const log: string[] = [];
    const { address, sessions } = await serve(() => ({
      echo: ({ text }) => ({ text }),
      ask: () => {
        log.push('ask begins');
        return gate.promise.then(() => ({ answer: 'done' }));
      },
    }));
    const { client } = join(address, {
      handler: {
        async confirm() {
          const reply = client.service.echo({ text: 'later' });
          log.push('confirm waits');
          return { ok: true, answer: (await reply).text };
        },
      },
    });
    const slow = client.service.ask();
    await eventually(() => expect(log).toEqual(['ask begins']));
    // It comes from outside of any operation, so what it needs may wait for the slow one.
    const asked = sessions[0]?.callback.confirm();
    await eventually(() => expect(log).toContain('confirm waits'));
    gate.resolve();
    expect((await asked)?.answer).toBe('later');
    await slow;
  });

  it('keeps its place behind what its handler sent before it', async () => {
    const log: string[] = [];
    const gate = deferred();
    const { address } = await serve(
      (session) => ({
        ...asking(session),
        note: ({ text }) => (text === '' ? gate.promise : void log.push(text)),
        echo: ({ text }) => {
          log.push(text);
          return { text };
        },
      }),
      { concurrency: 'multiple' },
    );
    let sent = 0;
    const { client } = join(address, {
      handler: {
        async confirm() {
          await eventually(() => expect(sent).toBe(WINDOW + 255));
          client.service.note({ text: 'first' });
          const reply = client.service.echo({ text: 'second' });
          gate.resolve();
          await reply;
          return { ok: true };
        },
      },
    });
    const answer = client.service.ask({ depth: 1 });
    for (; sent < WINDOW + 600; sent++) await client.service.note();
    await answer;
    expect(log).toEqual(['first', 'second']);
  });
});

describe('a call that serves one which its caller gave up', () => {
  it('runs like any other', async () => {
    const { address, sessions } = await serve(() => ({ echo: ({ text }) => ({ text }) }));
    const late = deferred<string>();
    const { client } = join(address, {
      handler: {
        async confirm(_, { signal }) {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          late.resolve((await client.service.echo({ text: 'afterwards' })).text);
          return { ok: true };
        },
      },
    });
    await client.open();
    await rejectionOf(sessions[0]?.callback.confirm({}, { timeoutMs: 20 }) ?? Promise.resolve());
    expect(await late.promise).toBe('afterwards');
  });
});

describe('reentrant operations', () => {
  it('run one at a time, others while one awaits a callback, and go on before new ones begin', async () => {
    const log: string[] = [];
    const gates = new Map<string, () => void>();
    const { address } = await serve(
      (session) => ({
        async echo({ text }) {
          log.push(`${text} begins`);
          await Promise.resolve();
          await session.callback.confirm({ question: text });
          log.push(`${text} goes on`);
          await new Promise((resolve) => setTimeout(resolve, 5));
          log.push(`${text} ends`);
          return { text };
        },
      }),
      { concurrency: 'reentrant' satisfies Concurrency },
    );
    const { client } = join(address, {
      handler: {
        confirm: ({ question }) => new Promise((resolve) => gates.set(question, () => resolve({ ok: true }))),
      },
    });
    const replies = ['a', 'b', 'c'].map((text) => client.service.echo({ text }));
    await eventually(() => expect(gates.size).toBe(3));
    expect(log).toEqual(['a begins', 'b begins', 'c begins']);
    for (const text of ['b', 'a', 'c']) gates.get(text)?.();
    await Promise.all(replies);
    // Never two at once: each one that went on also ended before the next one did.
    expect(log.slice(3)).toEqual(['b', 'a', 'c'].flatMap((text) => [`${text} goes on`, `${text} ends`]));
  });

  it('keep others waiting while they await anything else', async () => {
    const log: string[] = [];
    const gate = deferred();
    const { address } = await serve(
      () => ({
        async echo({ text }) {
          log.push(`${text} begins`);
          if (text === 'a') await gate.promise;
          log.push(`${text} ends`);
          return { text };
        },
      }),
      { concurrency: 'reentrant' },
    );
    const { client } = join(address);
    const replies = ['a', 'b'].map((text) => client.service.echo({ text }));
    await eventually(() => expect(log).toEqual(['a begins']));
    await new Promise((resolve) => setTimeout(resolve, 20));
    gate.resolve();
    await Promise.all(replies);
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });
});
