// @ts-check
import { Pair } from '../measuring/pair.mjs';
import { shuffled } from '../measuring/statistics.mjs';

/** What a process takes that imports the package and the contract, opens a session and has one call answered. @type {import('../types.js').Case} */
export default {
  name: 'first-session',
  needs: 'firstReply',
  figures: [
    { name: 'first-session time', unit: 'ms', targets: { 'grpc-js': { atMost: 1.3 } } },
    { name: 'first-session RSS', unit: 'bytes', targets: { 'grpc-js': { atMost: 1.3 } } },
  ],
  async measure(names, { generations, rounds }) {
    const pairs = await Promise.all(names.map((name) => Pair.start(name, 'first-session')));
    /** @type {Map<string, { ms: number[], rss: number[] }>} */
    const seen = new Map(names.map((name) => [name, { ms: [], rss: [] }]));
    // The first time reads the files from the disk, and finds the server cold.
    for (const pair of pairs) await pair.meetFirst();
    for (let round = 0; round < rounds * generations; round++) {
      for (const pair of shuffled(pairs)) {
        const { ms, rss } = await pair.meetFirst();
        seen.get(pair.name)?.ms.push(ms);
        seen.get(pair.name)?.rss.push(rss);
      }
    }
    await Promise.all(pairs.map((pair) => pair.stop()));
    return new Map(
      [...seen].map(([name, { ms, rss }]) => [name, { 'first-session time': ms, 'first-session RSS': rss }]),
    );
  },
};
