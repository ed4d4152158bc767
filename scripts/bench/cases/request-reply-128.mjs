// @ts-check

import { perSecond } from '../measuring/statistics.mjs';
import { checkIncrement } from './parts/check.mjs';

const IN_FLIGHT = 128;

/** Requests of 128 callers, each of which awaits its reply before the next one. @type {import('../types.js').Race} */
export default {
  name: 'request-reply-128',
  needs: 'increment',
  figures: [
    {
      name: 'request-reply-128',
      headline: 'requests, 128 in flight',
      unit: 'calls/s',
      targets: {
        'grpc-js': { atLeast: 12 },
        'socket.io': { atLeast: 8 },
        'grpc-go': { atLeast: 1 },
        tcp: { atLeast: 0.35 },
        'grpc-duplex-no-replay': { atLeast: 0.9 },
      },
    },
  ],
  async run(client, count) {
    let sent = 0;
    const caller = async () => {
      while (sent < count) {
        const value = sent++;
        checkIncrement(await client.increment(value), value);
      }
    };
    const start = performance.now();
    await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
    return { 'request-reply-128': perSecond(count, start) };
  },
};
