// @ts-check

import { perSecond } from '../measuring/statistics.mjs';
import { checkTally } from './parts/check.mjs';

/** One-way callbacks: the server sends as fast as backpressure lets it. @type {import('../types.js').Case} */
export default {
  name: 'callbacks',
  needs: 'receiveTicks',
  figures: [
    {
      name: 'callbacks',
      headline: 'one-way messages to the client',
      unit: 'messages/s',
      targets: {
        'grpc-js': { atLeast: 20 },
        'socket.io': { atLeast: 15 },
        'grpc-go': { atLeast: 1 },
        tcp: { atLeast: 0.35 },
        'grpc-duplex-no-replay': { atLeast: 0.9 },
      },
    },
  ],
  async run(client, count) {
    const start = performance.now();
    checkTally(await client.receiveTicks(count), count);
    return { callbacks: perSecond(count, start) };
  },
};
