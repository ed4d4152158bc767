import { stdin } from 'node:process';
import { createInterface } from 'node:readline';
import { connect } from 'grpc-duplex';
import { Chat } from './gen/chat/v1/chat_duplex.js';

const [address = 'localhost:50051', name = 'somebody'] = process.argv.slice(2);

await using chat = connect(Chat, address, {
  // In a new session, the first one and any that replaces a lost one, the room has to learn who we are.
  onSession: ({ service }) => service.join({ name }),
  onLost: 'renew',
  handler: {
    confirm({ text }) {
      console.log(`(shouting "${text}")`);
      return { ok: true };
    },
  },
});
chat.callbacks.posted$.subscribe(({ name, text }) => console.log(`${name}: ${text}`));

// What is typed while there is no connection is said when there is one again.
for await (const text of createInterface({ input: stdin })) await chat.service.post({ text });
