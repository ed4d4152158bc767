// A host in a process of its own that tells how large its heap is: node --import tsx measured-host.ts
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createHost } from 'grpc-duplex';
import { Everything } from './gen/testing/v1/everything_duplex.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const host = createHost({
  handshakeTimeoutMs: 500,
  resumeWindowMs: 500,
  limits: { handshakes: 200 },
  onError: (error) => console.log(`error: ${JSON.stringify(error.message)}`),
});
const room = host
  .add(
    Everything,
    (session) => {
      room.add(session);
      const handler: Partial<Everything.Handler> = {
        echo: ({ text }) => ({ text }),
        note: () => {},
        ask({ question }) {
          if (question === 'secret') throw new Error('CANARY in /etc/passwd');
          if (question === 'tell')
            for (let index = 0; index < 5_000; index++) room.callback.noted({ text: 'x'.repeat(1_000) });
          if (question === 'heap') collect();
          const { heapUsed, external } = process.memoryUsage();
          return { answer: JSON.stringify({ ...host.counters, bytes: heapUsed + external }) };
        },
      };
      return handler as Everything.Handler;
    },
    { slowClients: { noted: 'drop-oldest' } },
  )
  .group();
const { port } = await host.listen('127.0.0.1:0');
console.log(`listening on ${port}`);
