import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { deferred, eventually } from '../support/observe.js';
import { settle } from '../support/virtual-clock.js';

const WINDOW = 16_384;

describe('backpressure', () => {
  it('makes a client that awaits its calls wait for a service that is slow', async () => {
    const gate = deferred();
    let handled = 0;
    const { address } = await serve(() => ({
      async note() {
        await gate.promise;
        handled += 1;
      },
    }));
    const { client } = join(address);
    await client.open();
    let sent = 0;
    const sending = (async () => {
      for (; sent < WINDOW + 500; sent++) await client.service.note({ index: sent });
    })();
    await eventually(() => expect(sent).toBeGreaterThanOrEqual(WINDOW));
    await new Promise((resolve) => setTimeout(resolve, 50));
    // The one that runs has left the window; all others fill it.
    expect(sent).toBeLessThanOrEqual(WINDOW + 1);
    expect(handled).toBe(0);
    gate.resolve();
    await sending;
    await client.close();
    expect(handled).toBe(WINDOW + 500);
  });

  it('makes a service that awaits its callbacks wait for a client that is slow, and for no other', async () => {
    const { address, sessions } = await serve();
    const gate = deferred();
    const slow = join(address, { handler: { noted: () => gate.promise } }).client;
    const seen: number[] = [];
    const fast = join(address, { handler: { noted: ({ index }) => void seen.push(index) } }).client;
    await slow.open();
    await fast.open();
    const [toSlow, toFast] = sessions;
    let sent = 0;
    const sending = (async () => {
      for (; sent < WINDOW + 2_000; sent++) await toSlow?.callback.noted({ index: sent });
    })();
    await eventually(() => expect(sent).toBeGreaterThanOrEqual(WINDOW));
    await new Promise((resolve) => setTimeout(resolve, 50));
    // 256 handlers run at the client, the others fill the window.
    expect(sent).toBeLessThanOrEqual(WINDOW + 256);
    for (let index = 0; index < 1_000; index++) await toFast?.callback.noted({ index });
    await eventually(() => expect(seen).toHaveLength(1_000));
    gate.resolve();
    await sending;
    expect(sent).toBe(WINDOW + 2_000);
  });

  it('does not keep an answer from a service whose operations are all waiting', async () => {
    const asked = deferred();
    const { address } = await serve((session) => ({
      async ask({ question }) {
        asked.resolve();
        const answers = [];
        for (let round = 0; round < 50; round++) answers.push(await session.callback.confirm({ question }));
        return { answer: `${answers.length}` };
      },
      note: () => {},
    }));
    const { client, errors } = join(address, {
      handler: {
        async confirm() {
          await settle();
          return { ok: true };
        },
      },
    });
    const reply = client.service.ask({ question: '?' }, { timeoutMs: 10_000 });
    await asked.promise;
    // The window is full of operations that wait for this one.
    const sending = (async () => {
      for (let index = 0; index < WINDOW + 800; index++) await client.service.note({ index });
    })();
    const [{ answer }] = await Promise.all([reply, sending]);
    expect(answer).toBe('50');
    expect(client.status).toBe('opened');
    expect(errors).toEqual([]);
  });
});
