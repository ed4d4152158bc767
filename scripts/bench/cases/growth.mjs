// @ts-check

import { Pair } from '../measuring/pair.mjs';
import { perSecond } from '../measuring/statistics.mjs';
import { OURS } from '../registry.mjs';
import { checkTally } from './parts/check.mjs';

const COUNT = 300_000;
const STEPS = [10, 100, 1_000];
const ALONE = '1 session';

/** One-way messages of all sessions together, as their number grows. @type {import('../types.js').Case} */
export default {
  name: 'growth',
  needs: 'sendTicksOver',
  figures: STEPS.map((sessions) => ({
    name: `growth ${sessions}`,
    unit: 'messages/s',
    targets: { [ALONE]: { atLeast: 0.85 } },
  })),
  async measure(_, { generations, rounds }) {
    const steps = generations > 1 ? STEPS : STEPS.slice(0, 2);
    const pair = await Pair.start(OURS, 'growth');
    const rate = async (/** @type {number} */ sessions) => {
      const start = performance.now();
      checkTally(await pair.call('sendTicksOver', sessions, COUNT), COUNT);
      return perSecond(COUNT, start);
    };
    /** @type {Record<string, number[]>} */
    const ours = {};
    /** @type {Record<string, number[]>} */
    const alone = {};
    for (const sessions of steps) {
      const figure = `growth ${sessions}`;
      for (let times = 0; times < 3; times++) await rate(sessions);
      for (let round = 0; round < rounds; round++) {
        alone[figure] = [...(alone[figure] ?? []), await rate(1)];
        ours[figure] = [...(ours[figure] ?? []), await rate(sessions)];
      }
    }
    await pair.stop();
    return new Map([
      [OURS, ours],
      [ALONE, alone],
    ]);
  },
};
