// @ts-check

import { OURS } from '../registry.mjs';
import { Pair } from './pair.mjs';
import { shuffled } from './statistics.mjs';

/**
 * How long to measure. Processes are started anew `generations` times, because
 * no two of them are compiled and laid out alike; each runs `rounds` rounds.
 * Many short rounds say more than a few long ones: what a shared machine does
 * beside changes within seconds. A round that other programs held up is
 * repeated up to `repeats` times.
 *
 * @typedef {import('../types.js').Plan} Plan
 */

/** @type {Plan} */
export const thorough = {
  ...{ generations: 3, rounds: 5, repeats: 2, warmUpMs: 2_000, roundMs: 300 },
  ...{ soakMs: 600_000, onlyTargets: false },
};
/** @type {Plan} */
export const quick = {
  ...{ generations: 1, rounds: 3, repeats: 0, warmUpMs: 600, roundMs: 150 },
  ...{ soakMs: 20_000, onlyTargets: true },
};

/** From here on a round is repeated: part of the time for which a process was ready to run and did not. */
const MAX_HELD_UP = 0.1;

/**
 * Measures every peer that can take part in a case. In each round all of them
 * have their turn, in a new order, so that whatever else the machine does
 * meanwhile hits all alike.
 *
 * @param {import('../types.js').Case} measured
 * @param {readonly import('../types.js').Peer[]} all ready to run
 * @param {Plan} plan
 * @returns {Promise<import('../types.js').Measurement>}
 */
export async function measure(measured, all, plan) {
  const names = all
    .filter(({ abilities }) => abilities.includes(measured.needs))
    .filter((peer) => !plan.onlyTargets || peer.onlyIfAsked || isCompared(peer, measured))
    .map(({ name }) => name);
  if ('measure' in measured) return { of: measured, peers: await measured.measure(names, plan), remarks: [] };
  /** @type {string[]} */
  const remarks = [];
  /** @type {Map<string, Record<string, number[]>>} */
  const peers = new Map(names.map((name) => [name, {}]));
  for (let generation = 0; generation < plan.generations; generation++) {
    const pairs = await Promise.all(names.map((name) => Pair.start(name, measured.name)));
    // One at a time from here on: the others wait and take no processor.
    for (const pair of shuffled(pairs)) await pair.warmUp(plan.warmUpMs);
    for (let round = 0; round < plan.rounds; round++) {
      for (const pair of shuffled(pairs)) {
        const figures = await calmRound(pair, plan);
        const rounds = /** @type {Record<string, number[]>} */ (peers.get(pair.name));
        for (const [figure, value] of Object.entries(figures)) rounds[figure] = [...(rounds[figure] ?? []), value];
      }
    }
    for (const pair of pairs) {
      const remark = await pair.stop();
      if (remark !== undefined) remarks.push(`${measured.name}, ${pair.name}: ${remark}`);
    }
  }
  return { of: measured, peers, remarks };
}

/** @param {import('../types.js').Peer} peer @param {import('../types.js').Case} measured */
function isCompared({ name }, { figures }) {
  return name === OURS || figures.some(({ targets }) => name in targets);
}

/**
 * The figures of a round in which the machine had time for us; or, where there
 * is none, of the round that was held up least.
 *
 * @param {Pair} pair
 * @param {Plan} plan
 */
async function calmRound(pair, { repeats, roundMs }) {
  let best = await pair.round(roundMs);
  for (let left = repeats; left > 0 && best.heldUp > MAX_HELD_UP; left--) {
    const next = await pair.round(roundMs);
    if (next.heldUp < best.heldUp) best = next;
  }
  return best.figures;
}
