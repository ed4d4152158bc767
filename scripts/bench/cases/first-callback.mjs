// @ts-check
import { connectionTimes } from './parts/connection-times.mjs';

/** From `connect` to the first message of the server, for which the client asks, over a new connection. @type {import('../types.js').Case} */
export default {
  name: 'first-callback',
  needs: 'firstCallback',
  figures: [{ name: 'first-callback', unit: 'ms', targets: { 'grpc-js': { atMost: 1.3 } } }],
  async run(client, count) {
    return { 'first-callback': await connectionTimes(count, () => client.firstCallback()) };
  },
};
