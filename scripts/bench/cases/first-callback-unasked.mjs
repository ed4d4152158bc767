// @ts-check
import { connectionTimes } from './parts/connection-times.mjs';

/** As `first-callback`, of a service that speaks first. @type {import('../types.js').Case} */
export default {
  name: 'first-callback-unasked',
  needs: 'firstGreeting',
  figures: [{ name: 'first-callback-unasked', unit: 'ms', targets: { 'grpc-js': { atMost: 1.3 } } }],
  async run(client, count) {
    return { 'first-callback-unasked': await connectionTimes(count, () => client.firstGreeting()) };
  },
};
