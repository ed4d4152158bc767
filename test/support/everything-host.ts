// A host in a process of its own, to be killed: node --import tsx everything-host.ts
import { createHost } from 'grpc-duplex';
import { Everything } from './gen/testing/v1/everything_duplex.js';

const host = createHost();
const handler = { echo: () => new Promise(() => {}), note: () => {} };
host.add(Everything, () => handler as unknown as Everything.Handler);
const { address } = await host.listen('localhost:0');
console.log(`listening on ${address}`);
