// What samples in the documentation take for granted: a contract, and the application around it.
import type * as duplex from 'grpc-duplex';
import type * as testing from 'grpc-duplex/testing';
import type * as chat from '../../examples/chat/gen/chat/v1/chat_duplex.js';
import type * as load from '../../src/load.js';

declare global {
  const Chat: typeof chat.Chat;
  const createChat: (session: chat.Chat.Session) => chat.Chat.Handler;
  const connect: typeof duplex.connect;
  const createHost: typeof duplex.createHost;
  const loadContract: typeof load.loadContract;
  const testLink: typeof testing.testLink;
  function ask(text: string, signal: AbortSignal): Promise<boolean>;
  function save(text: string): Promise<void>;
  function freshToken(): Promise<string>;
}
