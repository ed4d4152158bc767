import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { eventually } from '../support/observe.js';

describe('request and reply', () => {
  it('carry every field there and back', async () => {
    const { address } = await serve(() => ({ echo: ({ text, tags, payload }) => ({ text, tags, payload }) }));
    const { client } = join(address);
    const message = { text: 'äöü €  \u0000 😀', tags: ['', 'a', 'b'], payload: Uint8Array.of(0, 255, 128) };
    const { payload, ...texts } = await client.service.echo(message);
    expect(texts).toEqual({ text: message.text, tags: message.tags });
    expect([...payload]).toEqual([...message.payload]);
  });

  it('have defaults for whatever either side leaves out', async () => {
    const { address } = await serve(() => ({
      echo(request) {
        expect(request).toMatchObject({ text: '', delayMs: 0, tags: [] });
        return {};
      },
    }));
    const { client } = join(address);
    await expect(client.service.echo()).resolves.toMatchObject({ text: '', tags: [] });
    await expect(client.service.echo({ text: undefined })).resolves.toMatchObject({ text: '' });
  });

  it('belong together, however many are under way', async () => {
    const { address } = await serve(
      () => ({
        async echo({ text, delayMs }) {
          await new Promise((resolve) => setTimeout(resolve, delayMs));
          return { text };
        },
      }),
      { concurrency: 'multiple' },
    );
    const { client } = join(address);
    const asked = Array.from({ length: 200 }, (_, index) => ({ text: `${index}`, delayMs: (index * 7) % 20 }));
    const replies = await Promise.all(asked.map((request) => client.service.echo(request)));
    expect(replies.map(({ text }) => text)).toEqual(asked.map(({ text }) => text));
  });

  it('work from the service to the client, from a session that was kept', async () => {
    const { address, sessions } = await serve();
    const { client } = join(address, {
      handler: { confirm: ({ question }) => ({ ok: true, answer: `${question}!` }) },
    });
    await client.open();
    await expect(sessions[0]?.callback.confirm({ question: 'sure?' })).resolves.toEqual({ ok: true, answer: 'sure?!' });
  });

  it('work within an operation, although operations run one at a time', async () => {
    const { address } = await serve((session) => ({
      async ask({ question }) {
        const { answer } = await session.callback.confirm({ question });
        return { answer };
      },
    }));
    const { client } = join(address, {
      handler: {
        async confirm({ question }) {
          await new Promise((resolve) => setImmediate(resolve));
          return { answer: `re: ${question}` };
        },
      },
    });
    const replies = await Promise.all(['a', 'b', 'c'].map((question) => client.service.ask({ question })));
    expect(replies.map(({ answer }) => answer)).toEqual(['re: a', 're: b', 're: c']);
  });

  it('nest to a depth of seven, each side asking the other, where operations may run side by side', async () => {
    const { address } = await serve(
      (session) => ({
        async ask({ question, depth }) {
          if (depth === 0) return { answer: question };
          const { answer } = await session.callback.confirm({ question: `${question}s`, depth: depth - 1 });
          return { answer };
        },
      }),
      { concurrency: 'multiple' },
    );
    const { client } = join(address, {
      handler: {
        async confirm({ question, depth }) {
          if (depth === 0) return { answer: question };
          return client.service.ask({ question: `${question}c`, depth: depth - 1 });
        },
      },
    });
    await expect(client.service.ask({ question: '', depth: 7 })).resolves.toEqual({ answer: 'scscscs' });
  });

  it('are exact in 100 sessions that ask and are asked in parallel', async () => {
    const { address } = await serve(
      (session) => ({
        async ask({ question }) {
          const answers = await Promise.all([1, 2, 3].map((depth) => session.callback.confirm({ question, depth })));
          return { answer: `${answers.reduce((sum, { answer }) => sum + Number(answer), 0)}` };
        },
      }),
      { concurrency: 'multiple' },
    );
    const sums = await Promise.all(
      Array.from({ length: 100 }, async (_, member) => {
        const { client } = join(address, {
          handler: { confirm: ({ question, depth }) => ({ answer: `${Number(question) * depth + member}` }) },
        });
        const replies = await Promise.all([1, 2, 3, 4].map((n) => client.service.ask({ question: `${n}` })));
        await client.close();
        return replies.reduce((sum, { answer }) => sum + Number(answer), 0);
      }),
    );
    expect(sums).toEqual(Array.from({ length: 100 }, (_, member) => 6 * 10 + 12 * member));
  });

  it('are awaited where the contract says that an empty reply is one', async () => {
    let done = false;
    const { address } = await serve(() => ({
      async reset() {
        await new Promise((resolve) => setImmediate(resolve));
        done = true;
        return {};
      },
    }));
    const { client } = join(address);
    await expect(client.service.reset()).resolves.toEqual({});
    expect(done).toBe(true);
  });

  it('may start from the service before the first operation', async () => {
    const answers: string[] = [];
    const { address } = await serve((session) => {
      void session.callback.confirm({ question: 'who?' }).then(({ answer }) => answers.push(answer));
      return {};
    });
    const { client } = join(address, { handler: { confirm: () => ({ answer: 'me' }) } });
    await client.open();
    await eventually(() => expect(answers).toEqual(['me']));
  });
});
