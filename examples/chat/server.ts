import { once } from 'node:events';
import { createHost } from 'grpc-duplex';
import { createChat, type Room } from './chat.js';
import { Chat } from './gen/chat/v1/chat_duplex.js';

const host = createHost();
const chat = host.add(Chat, (session) => createChat(session, room));
const room: Room = chat.group();

const { address } = await host.listen(process.argv[2] ?? 'localhost:50051');
console.log(`listening on ${address}`);

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await host.stop();
