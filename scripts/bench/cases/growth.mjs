// @ts-check
import { Pair } from '../measuring/pair.mjs';
import { perSecond } from '../measuring/statistics.mjs';
import { OURS } from '../registry.mjs';
import { checkTally } from './parts/check.mjs';

const STEPS = [10, 100, 1_000];
const MANY = 1_000;
const ALONE = '1 session';
/** So many rounds' time each time: a thousand sessions take a second for a turn. */
const ROUNDS = 5;
/** Messages of all sessions together, so few that each begins, sends them and has ended. */
const BURST = 300_000;
const BURST_EACH = `growth ${MANY}, ${BURST / MANY} each`;

/** One-way messages of all sessions together, as their number grows. @type {import('../types.js').Case} */
export default {
  name: 'growth',
  needs: 'sendTicksFor',
  figures: [
    ...STEPS.map((sessions) => ({
      name: `growth ${sessions}`,
      unit: 'messages/s',
      targets: { [ALONE]: { atLeast: 0.85 } },
    })),
    { name: BURST_EACH, unit: 'messages/s', targets: {} },
  ],
  async measure(_, { generations, rounds, roundMs }) {
    const isThorough = generations > 1;
    const pair = await Pair.start(OURS, 'growth');
    /** @type {Record<string, number[]>} */
    const ours = {};
    /** @type {Record<string, number[]>} */
    const alone = {};
    /** @param {string} figure @param {number} sessions @param {(sessions: number) => Promise<number>} rate */
    const compare = async (figure, sessions, rate) => {
      for (const count of [1, sessions, sessions]) await rate(count);
      for (let round = 0; round < rounds; round++) {
        alone[figure] = [...(alone[figure] ?? []), await rate(1)];
        ours[figure] = [...(ours[figure] ?? []), await rate(sessions)];
      }
    };
    const ms = ROUNDS * roundMs;
    for (const sessions of isThorough ? STEPS : [100])
      await compare(`growth ${sessions}`, sessions, (count) => pair.call('sendTicksFor', count, ms, ms));
    if (isThorough) await compare(BURST_EACH, MANY, (count) => burstRate(pair, count));
    await pair.stop();
    return new Map([
      [OURS, ours],
      [ALONE, alone],
    ]);
  },
  load: (pair, ms) => pair.call('sendTicksFor', MANY, 0, ms),
};

/** @param {Pair} pair @param {number} sessions */
async function burstRate(pair, sessions) {
  const start = performance.now();
  checkTally(await pair.call('sendTicksOver', sessions, BURST), BURST);
  return perSecond(BURST, start);
}
