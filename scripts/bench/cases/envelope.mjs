// @ts-check
import { checkTally } from './parts/check.mjs';

const NS_PER_MS = 1_000_000;

/** One envelope with its numbers, a call id and a request, encoded and decoded again. @type {import('../types.js').Case} */
export default {
  name: 'envelope',
  needs: 'recode',
  figures: [{ name: 'envelope', unit: 'ns', targets: { protobufjs: { atMost: 1 } } }],
  async run(client, count) {
    const start = performance.now();
    checkTally(await client.recode(count), count);
    return { envelope: ((performance.now() - start) * NS_PER_MS) / count };
  },
};
