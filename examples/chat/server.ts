import { once } from 'node:events';
import { createHost } from 'grpc-duplex';
import { createRoom } from './chat.js';
import { Chat } from './gen/chat/v1/chat_duplex.js';

const host = createHost();
host.add(Chat, createRoom());

const { address } = await host.listen(process.argv[2] ?? 'localhost:50051');
console.log(`listening on ${address}`);

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await host.stop();
