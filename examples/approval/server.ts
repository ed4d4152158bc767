import { once } from 'node:events';
import { createHost } from 'grpc-duplex';
import { createApproval } from './approval.js';
import { Approval } from './gen/approval/v1/approval_duplex.js';

const host = createHost();
host.add(Approval, createApproval);

const { address } = await host.listen(process.argv[2] ?? 'localhost:50051');
console.log(`listening on ${address}`);

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await host.stop();
