// @ts-check
import { Pair } from '../measuring/pair.mjs';

const THOROUGH = 5_000;
const QUICK = 300;
/** Opened before the first look, so that what is made once is not counted. */
const FIRST = 50;
/** So many are asked for at a time: each answer has to come in time. */
const AT_ONCE = 500;

/** Memory of the server for each session that does nothing, on a connection of its own. @type {import('../types.js').Case} */
export default {
  name: 'idle-session',
  needs: 'openIdle',
  figures: [
    { name: 'idle-session heap', unit: 'bytes', targets: { 'grpc-js': { atMostMore: 4_096 } } },
    { name: 'idle-session RSS', unit: 'bytes', targets: {} },
  ],
  async measure(names, { generations }) {
    const count = generations > 1 ? THOROUGH : QUICK;
    /** @type {Map<string, import('../types.js').Rounds>} */
    const peers = new Map();
    for (const name of names) {
      const pair = await Pair.start(name, 'idle-session');
      await pair.call('openIdle', FIRST);
      const before = await pair.memory('server');
      for (let left = count; left > 0; left -= AT_ONCE) await pair.call('openIdle', Math.min(left, AT_ONCE));
      const after = await pair.memory('server');
      peers.set(name, {
        'idle-session heap': [(after.heap - before.heap) / count],
        'idle-session RSS': [(after.rss - before.rss) / count],
      });
      await pair.stop();
    }
    return peers;
  },
};
