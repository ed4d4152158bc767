// @ts-check

import { perSecond } from '../measuring/statistics.mjs';
import { checkTally } from './parts/check.mjs';

/** A stream of replies to one request, with credit. @type {import('../types.js').Case} */
export default {
  name: 'reply-stream',
  needs: 'countUp',
  figures: [
    {
      name: 'reply-stream',
      headline: 'items of a reply stream',
      unit: 'items/s',
      targets: { 'grpc-js': { atLeast: 15 } },
    },
  ],
  async run(client, count) {
    const start = performance.now();
    checkTally(await client.countUp(count), count);
    return { 'reply-stream': perSecond(count, start) };
  },
};
