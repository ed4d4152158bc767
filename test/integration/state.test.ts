import { Code } from 'grpc-duplex';
import { testLink } from 'grpc-duplex/testing';
import { describe, expect, it } from 'vitest';
import { join, partly, serve } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred, eventually, record } from '../support/observe.js';
import { thrownBy } from '../support/thrown-by.js';

describe('the state of a session', () => {
  it('reaches a new client as a snapshot, before it asks for anything', async () => {
    const { address } = await serve(() => ({}), { initialState: { counter: 7n, last: 'seven' } });
    const { client } = join(address);
    expect(client.state).toBeUndefined();
    const states = record(client.state$);
    await eventually(() => expect(states).toEqual([{ counter: 7n, last: 'seven' }]));
    expect(client.state).toEqual({ counter: 7n, last: 'seven' });
  });

  it('is in its first snapshot as the service left it when it was made', async () => {
    const { address } = await serve(
      async (session) => {
        session.state.set({ counter: 1n });
        await new Promise((resolve) => setImmediate(resolve));
        session.state.update(({ counter }) => ({ counter: counter + 1n, last: 'made' }));
        return {};
      },
      { initialState: { last: 'initial' } },
    );
    const { client } = join(address);
    const states = record(client.state$);
    await client.open();
    await client.close();
    expect(states).toEqual([{ counter: 2n, last: 'made' }, 'complete']);
  });

  it('reaches the client with every change, in order with the callbacks around it', async () => {
    const { address } = await serve((session) => ({
      note({ index, text }) {
        session.callback.noted({ index, text: 'before' });
        session.state.set({ counter: BigInt(index), last: text });
        session.callback.noted({ index, text: 'after' });
      },
    }));
    const { client } = join(address);
    const seen: string[] = [];
    client.state$.subscribe(({ counter }) => seen.push(`state ${counter}`));
    client.callbacks.noted$.subscribe(({ index, text }) => seen.push(`${text} ${index} with ${client.state?.counter}`));
    await client.open();
    for (let index = 1; index <= 3; index++) client.service.note({ index });
    await client.close();
    const steps = [1, 2, 3].map((n) => [`before ${n} with ${n - 1}`, `state ${n}`, `after ${n} with ${n}`]);
    expect(seen).toEqual(['state 0', ...steps.flat()]);
  });

  it('is known to who subscribes late, at once', async () => {
    const { address, sessions } = await serve();
    const { client } = join(address);
    await client.open();
    sessions[0]?.state.set({ counter: 3n });
    await eventually(() => expect(client.state).toEqual({ counter: 3n, last: '' }));
    expect(record(client.state$)).toEqual([{ counter: 3n, last: '' }]);
  });

  it('belongs to one session', async () => {
    const { address, sessions } = await serve(() => ({}), { initialState: { last: 'start' } });
    const [first, second] = [join(address).client, join(address).client];
    await first.open();
    await second.open();
    sessions[0]?.state.set({ last: 'first' });
    await eventually(() => expect(first.state?.last).toBe('first'));
    expect(second.state?.last).toBe('start');
    expect(sessions[1]?.state.value.last).toBe('start');
  });

  it('may be set at any time, from anywhere, and is then what the service reads', async () => {
    const { address, sessions } = await serve();
    const { client } = join(address);
    await client.open();
    const [session] = sessions;
    expect(session?.state.set({ counter: 1n, last: 'a' })).toEqual({ counter: 1n, last: 'a' });
    expect(session?.state.update(() => ({ last: 'b' }))).toEqual({ counter: 1n, last: 'b' });
    expect(session?.state.set({ last: 'c' })).toEqual({ counter: 0n, last: 'c' });
    expect(session?.state.value).toEqual({ counter: 0n, last: 'c' });
    await eventually(() => expect(client.state).toEqual({ counter: 0n, last: 'c' }));
  });

  it('stays as it was when a new one is over the size that the peer takes', async () => {
    const { address, sessions } = await serve();
    const { client } = join(address);
    await client.open();
    const error = thrownBy(() => sessions[0]?.state.set({ last: 'x'.repeat(2 ** 21) }));
    expect(error).toMatchObject({ code: Code.RESOURCE_EXHAUSTED, origin: 'local' });
    expect(sessions[0]?.state.value.last).toBe('');
    sessions[0]?.state.set({ last: 'small' });
    await eventually(() => expect(client.state?.last).toBe('small'));
  });

  it('stays as it was when a new one cannot be encoded', async () => {
    const { address, sessions } = await serve();
    const { client } = join(address);
    await client.open();
    const error = thrownBy(() => sessions[0]?.state.set({ counter: 2n ** 70n }));
    expect(error).toMatchObject({ code: Code.INVALID_ARGUMENT, origin: 'local' });
    expect(sessions[0]?.state.value.counter).toBe(0n);
    expect(client.status).toBe('opened');
  });

  it('comes newest first to a client that was too slow for all of them, never ahead of a callback', async () => {
    const { address, sessions } = await serve();
    const { client } = join(address);
    const seen: string[] = [];
    client.state$.subscribe(({ counter }) => seen.push(`state ${counter}`));
    client.callbacks.noted$.subscribe(({ index }) => seen.push(`noted ${index}`));
    await client.open();
    const [session] = sessions;
    // More than the window takes, in one turn: what follows has to wait.
    for (let index = 0; index < 16_384; index++) session?.callback.noted({ index });
    for (let counter = 1n; counter <= 1_000n; counter++) session?.state.set({ counter });
    await session?.callback.noted({ index: 99_999 });
    await session?.close();
    const states = seen.filter((line) => line.startsWith('state'));
    expect(states.at(-1)).toBe('state 1000');
    expect(states.length).toBeLessThan(10);
    expect(seen.indexOf('state 1000')).toBeGreaterThan(seen.indexOf('noted 16383'));
    expect(seen.indexOf('state 1000')).toBeLessThan(seen.indexOf('noted 99999'));
  });

  it('does not overtake callbacks that wait for their handlers', async () => {
    const gate = deferred();
    await using link = await testLink(Everything, () => partly({}), {
      client: { handler: { noted: () => gate.promise } },
    });
    const seen: string[] = [];
    link.client.state$.subscribe(({ counter }) => seen.push(`state ${counter}`));
    link.client.callbacks.noted$.subscribe(({ index }) => seen.push(`note ${index}`));
    await link.client.open();
    await link.settle();
    const [session] = link.service.sessions.values();
    for (let index = 1; index <= 300; index++) session?.callback.noted({ index });
    session?.state.set({ counter: 300n });
    session?.callback.noted({ index: 301 });
    await link.settle();
    expect(seen.at(-1)).toBe('note 256');
    gate.resolve();
    await link.settle();
    expect(seen.slice(-3)).toEqual(['note 300', 'state 300', 'note 301']);
  });
});
