// @ts-check

import { percentile } from '../measuring/statistics.mjs';
import { callTimes } from './parts/call-times.mjs';
import many from './request-reply-128.mjs';

/** One request at a time: how long until the reply is there. @type {import('../types.js').Case} */
export default {
  name: 'request-reply-1',
  needs: 'increment',
  figures: [
    {
      name: 'request-reply-1 p50',
      headline: 'one request at a time: half of the replies within',
      unit: 'µs',
      targets: { 'grpc-js': { atMost: 1.05 } },
    },
    { name: 'request-reply-1 p99', unit: 'µs', targets: { 'grpc-js': { atMost: 1.2 } } },
  ],
  // One at a time it would take many seconds until the last function is compiled.
  warmUp: (client, count) => many.run(client, count),
  async run(client, count) {
    const times = await callTimes(count, [(value) => client.increment(value)]);
    return { 'request-reply-1 p50': percentile(times, 50), 'request-reply-1 p99': percentile(times, 99) };
  },
};
