// @ts-check

import { perSecond } from '../measuring/statistics.mjs';
import { checkTally } from './parts/check.mjs';

/** One-way operations: the client sends as fast as backpressure lets it. @type {import('../types.js').Case} */
export default {
  name: 'one-way',
  needs: 'sendTicks',
  figures: [
    {
      name: 'one-way',
      headline: 'one-way messages to the service',
      unit: 'messages/s',
      targets: {
        'grpc-js': { atLeast: 25 },
        'socket.io': { atLeast: 15 },
        'grpc-go': { atLeast: 1 },
        tcp: { atLeast: 0.35 },
        'grpc-duplex-no-replay': { atLeast: 0.9 },
      },
    },
  ],
  async run(client, count) {
    const start = performance.now();
    checkTally(await client.sendTicks(count), count);
    return { 'one-way': perSecond(count, start) };
  },
};
