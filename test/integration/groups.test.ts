import { Code, createHost, type Group } from 'grpc-duplex';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { join, partly, serve } from '../support/everything.js';
import { NotedRequest } from '../support/gen/testing/v1/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { eventually } from '../support/observe.js';
import { RawStream } from '../support/raw-stream.js';
import { thrownBy } from '../support/thrown-by.js';

type Room = Group<Everything.Callbacks, Everything.State>;

/** A chat: whoever comes is in the room, and what is noted is told to all. */
async function serveRoom(options: Parameters<typeof serve>[1] = {}) {
  let room: Room | undefined;
  const serving = await serve((session) => {
    room?.add(session);
    return {
      note({ index, text }) {
        room?.callback.noted({ index, text });
      },
      finish() {
        room?.delete(session);
        return { counter: 0n };
      },
    };
  }, options);
  room = serving.service.group();
  return { ...serving, room };
}

function listen(address: string) {
  const { client } = join(address);
  const texts: string[] = [];
  client.callbacks.noted$.subscribe(({ text }) => texts.push(text));
  return { client, texts };
}

describe('a group', () => {
  it('of 1,000 members in a chat tells each of them everything, in order', async () => {
    const { address, room } = await serveRoom();
    const members: ReturnType<typeof listen>[] = [];
    for (let wave = 0; wave < 10; wave++) {
      const some = Array.from({ length: 100 }, () => listen(address));
      await Promise.all(some.map(({ client }) => client.open()));
      members.push(...some);
    }
    expect(room.size).toBe(1_000);
    const said = Array.from({ length: 20 }, (_, index) => `message ${index}`);
    for (const [index, text] of said.entries()) await members[index * 50]?.client.service.note({ text });
    await eventually(() => expect(members.every(({ texts }) => texts.length === said.length)).toBe(true));
    // Who spoke later may have been heard earlier; but everybody heard the same.
    const [first] = members;
    expect(first?.texts.toSorted()).toEqual(said.toSorted());
    expect(new Set(members.map(({ texts }) => texts.join())).size).toBe(1);

    await Promise.all(members.slice(0, 500).map(({ client }) => client.close()));
    await eventually(() => expect(room.size).toBe(500));
    await members[999]?.client.service.note({ text: 'the end' });
    await eventually(() => expect(members.slice(500).every(({ texts }) => texts.at(-1) === 'the end')).toBe(true));
    expect(first?.texts.at(-1)).not.toBe('the end');
  }, 120_000);

  it('encodes a message once for all', async () => {
    const { address, room } = await serveRoom();
    const members = Array.from({ length: 5 }, () => listen(address));
    await Promise.all(members.map(({ client }) => client.open()));
    const encode = vi.spyOn(NotedRequest, 'encode');
    onTestFinished(() => encode.mockRestore());
    room.callback.noted({ text: 'once' });
    await eventually(() => expect(members.map(({ texts }) => texts)).toEqual(members.map(() => ['once'])));
    expect(encode).toHaveBeenCalledTimes(1);
  });

  it('is left by whoever is deleted, and by whoever’s session ends; what is over cannot join', async () => {
    const { address, room, sessions } = await serveRoom();
    const ann = listen(address);
    await ann.client.open();
    const bob = listen(address);
    await bob.client.open();
    expect([room.size, [...room]]).toEqual([2, sessions]);
    const [first, second] = sessions;
    if (first === undefined || second === undefined) throw new Error('not there');
    expect([room.add(first), room.has(first), room.delete(first), room.delete(first), room.has(first)]).toEqual([
      ...[false, true, true, false, false],
    ]);
    room.callback.noted({ text: 'a' });
    await eventually(() => expect(bob.texts).toEqual(['a']));
    bob.client.abort();
    await second.closed;
    expect([room.size, room.add(second), room.has(second)]).toEqual([0, false, false]);
    room.callback.noted({ text: 'to nobody' });
    expect(room.add(first)).toBe(true);
    room.callback.noted({ text: 'b' });
    await eventually(() => expect(ann.texts).toEqual(['b']));
  });

  it('keeps a member whose connection broke, who misses nothing', async () => {
    const { address, room, sessions } = await serveRoom();
    const { client, texts } = listen(address);
    await client.open();
    const [session] = sessions as unknown as { link: { driver: { drop(error: Error): void } } }[];
    session?.link.driver.drop(Object.assign(new Error('cut'), { kind: 'lost' }));
    for (let index = 0; index < 10; index++) room.callback.noted({ text: `${index}` });
    await eventually(() => expect(texts).toHaveLength(10));
    expect(texts).toEqual(Array.from({ length: 10 }, (_, index) => `${index}`));
  });

  it('has only callbacks that need no answer, and says at once what it cannot encode', async () => {
    const { room } = await serveRoom();
    expect(Object.keys(room.callback).toSorted()).toEqual(['noted', 'progressed']);
    expect(thrownBy(() => room.callback.noted({ index: 'x' as never }))).toMatchObject({ code: Code.INVALID_ARGUMENT });
  });

  it('of another service of the same contract knows nothing', async () => {
    const { address, room } = await serveRoom();
    const { client } = listen(address);
    await client.open();
    const other = createHost();
    onTestFinished(async () => void (await other.stop()));
    const strangers = other.add(Everything, () => partly({})).group();
    for (const session of room) expect(strangers.add(session)).toBe(false);
  });
});

/** A client that takes `windowItems` messages and then acknowledges nothing. */
async function stall(address: string, windowItems: number): Promise<RawStream> {
  const stream = new RawStream(address);
  await stream.greet({ terms: { windowItems } });
  stream.send({});
  stream.stopReading();
  return stream;
}

describe('a stalled client', () => {
  const silence = { pingMs: 600_000, pingTimeoutMs: 600_000 };

  it('among 100 holds nobody up: all messages reach the others, and its own queue stays at its bound', async () => {
    const { address, room, sessions, errors } = await serveRoom({ ...silence, slowClients: { noted: 'drop-oldest' } });
    await stall(address, 16);
    const others = Array.from({ length: 99 }, () => listen(address));
    await Promise.all(others.map(({ client }) => client.open()));
    const [stalled] = sessions;
    for (let index = 0; index < 1_000; index++) {
      room.callback.noted({ text: `${index}` });
      if (index % 100 === 99)
        await eventually(() => expect(others.every(({ texts }) => texts.length === index + 1)).toBe(true));
      expect(stalled?.counters.waiting).toBeLessThanOrEqual(256);
    }
    const all = Array.from({ length: 1_000 }, (_, index) => `${index}`).join();
    expect(others.every(({ texts }) => texts.join() === all)).toBe(true);
    // One place of its window is taken by its state.
    expect(stalled?.counters).toMatchObject({ unacknowledged: 16, waiting: 256, dropped: 1_000 - 15 - 256 });
    expect(stalled?.status).toBe('open');
    expect(errors).toMatchObject([{ method: 'noted', error: { code: Code.RESOURCE_EXHAUSTED } }]);
  }, 60_000);

  it('holds up nobody who awaits callbacks that it may miss', async () => {
    const { address, sessions } = await serveRoom({ ...silence, slowClients: { noted: 'latest' } });
    await stall(address, 16_384);
    const [stalled] = sessions;
    // More than its window takes, and far more than a frame.
    for (let index = 0; index < 5_000; index++) await stalled?.callback.noted({ text: 'x'.repeat(1_000) });
    expect(stalled?.counters.waiting).toBe(1);
    expect(stalled?.counters.dropped).toBeGreaterThan(0);
  });

  it('ends, typed, where nothing of a callback may be lost; the others go on', async () => {
    const { address, room, sessions } = await serveRoom(silence);
    const stream = await stall(address, 16);
    const [stalled] = sessions;
    const other = listen(address);
    await other.client.open();
    // Its window, the line of 1,024, and one more.
    for (let index = 0; index < 15 + 1_024; index++) room.callback.noted({ text: `${index}` });
    expect(stalled?.counters).toMatchObject({ waiting: 1_024, dropped: 0 });
    room.callback.noted({ text: 'one too many' });
    expect(await stalled?.closed).toMatchObject({ kind: 'aborted', origin: 'local', code: Code.RESOURCE_EXHAUSTED });
    expect((await stalled?.closed)?.message).toContain('noted must not be lost');
    expect(room.size).toBe(1);
    await eventually(() => expect(other.texts).toHaveLength(15 + 1_024 + 1));
    await expect(stream.status).resolves.toBeDefined();
  });

  it('gets the newest of a callback that is declared so, and what else was sent, in order', async () => {
    const { address, sessions } = await serveRoom(silence);
    const stream = new RawStream(address);
    await stream.greet({ terms: { windowItems: 2 } });
    stream.send({});
    const [session] = sessions;
    await eventually(() => expect(session?.status).toBe('open'));
    for (let percent = 0; percent < 100; percent++) session?.callback.progressed({ percent });
    expect(session?.counters).toMatchObject({ waiting: 1, dropped: 98 });
    stream.send({ ack: 2 });
    await eventually(() => expect(stream.items.filter(({ content }) => content?.number === 112)).toHaveLength(2));
    const [oldest, newest] = stream.items.filter(({ content }) => content?.number === 112);
    expect([oldest, newest].map((item) => [...(item?.content?.bytes ?? [])])).toEqual([[], [8, 99]]);
  });
});
