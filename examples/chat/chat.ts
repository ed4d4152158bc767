import type { Group } from 'grpc-duplex';
import type { Chat } from './gen/chat/v1/chat_duplex.js';

/** Those who are in the room. Who leaves, however that comes about, is out of it by itself. */
export type Room = Group<Chat.Callbacks, Chat.State>;

/** Serves one session of a chat in one room. */
export function createChat(session: Chat.Session, room: Room): Chat.Handler {
  let name: string | undefined;
  return {
    join(request) {
      name = request.name;
      room.add(session);
      room.callback.posted({ name: 'room', text: `${name} is here` });
    },
    async post({ text }, { signal }) {
      if (name === undefined) return;
      // Whoever shouts is asked first; the room does not wait for the answer.
      const shouts = text === text.toUpperCase() && text !== text.toLowerCase();
      if (shouts && !(await session.callback.confirm({ text }, { signal })).ok) return;
      room.callback.posted({ name, text });
    },
    [Symbol.dispose]() {
      if (name !== undefined) room.callback.posted({ name: 'room', text: `${name} has left` });
    },
  };
}
