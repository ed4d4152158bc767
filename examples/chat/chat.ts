import type { Chat } from './gen/chat/v1/chat_duplex.js';

/** A room. What it returns serves one session. */
export function createRoom() {
  const members = new Map<Chat.Session, string>();
  return (session: Chat.Session): Chat.Handler => {
    const tellAll = (name: string, text: string): void => {
      for (const member of members.keys()) member.callback.posted({ name, text });
    };
    return {
      join({ name }) {
        members.set(session, name);
        tellAll('room', `${name} is here`);
      },
      async post({ text }, { signal }) {
        const name = members.get(session);
        if (name === undefined) return;
        // Whoever shouts is asked first; the room does not wait for the answer.
        const shouts = text === text.toUpperCase() && text !== text.toLowerCase();
        if (shouts && !(await session.callback.confirm({ text }, { signal })).ok) return;
        tellAll(name, text);
      },
      [Symbol.dispose]() {
        const name = members.get(session);
        members.delete(session);
        if (name !== undefined) tellAll('room', `${name} has left`);
      },
    };
  };
}
