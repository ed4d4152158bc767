import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectOptions } from 'grpc-duplex';
import { type TestLinkOptions, testLink } from 'grpc-duplex/testing';
import { createChat, type Room } from './chat.js';
import { Chat } from './gen/chat/v1/chat_duplex.js';

/** What a client does that bears this name. */
const named = (name: string, ok = true): ConnectOptions<Chat.Callbacks, Chat.Operations> => ({
  onSession: ({ service }) => service.join({ name }),
  onLost: 'renew',
  handler: { confirm: () => ({ ok }) },
});

/** A room, and the client of its first member. */
async function openRoom(options: TestLinkOptions<Chat.Operations, Chat.Callbacks, Chat.State>) {
  const link = await testLink(Chat, (session) => createChat(session, room), options);
  const room: Room = link.service.group();
  return link;
}

function listen(client: Chat.Client): string[] {
  const heard: string[] = [];
  client.callbacks.posted$.subscribe(({ name, text }) => heard.push(`${name}: ${text}`));
  return heard;
}

test('everybody hears everybody, in the same order', async () => {
  await using link = await openRoom({ client: named('Ann') });
  const ann = listen(link.client);
  await link.settle();
  const other = link.connect(named('Bob'));
  const bob = listen(other);
  await link.settle();
  link.client.service.post({ text: 'hello' });
  await link.settle();
  other.service.post({ text: 'hi' });
  await link.settle();
  await other.close();
  await link.settle();
  assert.deepEqual(ann, ['room: Ann is here', 'room: Bob is here', 'Ann: hello', 'Bob: hi', 'room: Bob has left']);
  assert.deepEqual(bob, ['room: Bob is here', 'Ann: hello', 'Bob: hi']);
});

test('who shouts is asked, and may think better of it', async () => {
  await using link = await openRoom({ client: named('Ann', false) });
  const heard = listen(link.client);
  link.client.service.post({ text: 'LOUD' });
  link.client.service.post({ text: 'quiet' });
  await link.settle();
  assert.deepEqual(heard, ['room: Ann is here', 'Ann: quiet']);
});

test('a member who is cut off misses nothing, and joins again if the room has forgotten him', async () => {
  await using link = await openRoom({ client: named('Ann') });
  const heard = listen(link.client);
  await link.settle();
  link.cut();
  link.client.service.post({ text: 'still here' });
  await link.clock.advance(60_000);
  link.restore();
  await link.settle();
  assert.deepEqual(heard, ['room: Ann is here', 'Ann: still here']);
  link.cut();
  await link.clock.advance(180_000);
  link.restore();
  await link.settle();
  assert.deepEqual(heard.slice(2), ['room: Ann is here']);
});
