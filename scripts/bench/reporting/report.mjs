// @ts-check

import { median, spread } from '../measuring/statistics.mjs';
import { OURS } from '../registry.mjs';

/**
 * @typedef {import('../types.js').Bound} Bound
 * @typedef {import('../types.js').Figure} Figure
 * @typedef {import('../types.js').Measurement} Measurement
 * @typedef {import('../types.js').Row} Row
 */

/** Digits that are kept: enough for whoever calculates with it. */
const DIGITS = 6;
/** What the target of a figure alone, compared with nobody, is called. */
const ALONE = '';

/**
 * The figures of some cases: medians of all rounds, and of the ratios in each round.
 *
 * @param {readonly Measurement[]} measurements
 * @returns {Row[]}
 */
export function rowsOf(measurements) {
  return measurements.flatMap(({ of: { figures }, peers }) =>
    figures.flatMap((figure) => {
      const rounds = [...peers].map(([name, values]) => /** @type {const} */ ([name, values[figure.name] ?? []]));
      const ours = rounds.find(([name]) => name === OURS)?.[1] ?? [];
      // A quick run leaves out what takes long.
      return ours.length === 0 ? [] : [rowOf(figure, ours, rounds)];
    }),
  );
}

/**
 * @param {Figure} figure
 * @param {readonly number[]} ours
 * @param {(readonly [string, readonly number[]])[]} rounds ours included
 * @returns {Row}
 */
function rowOf({ name: figure, unit, targets: bounds, below }, ours, rounds) {
  const peers = rounds.filter(([name]) => name !== OURS);
  /** @type {Record<string, { text: string, pass: boolean }>} */
  const targets = {};
  if (below !== undefined) targets[ALONE] = { text: `< ${below}`, pass: median(ours) < below };
  for (const [name, values] of peers) {
    const bound = bounds[name];
    if (bound !== undefined) targets[name] = { text: textOf(bound), pass: reaches(ours, values, bound) };
  }
  return {
    case: figure,
    unit,
    ours: rounded(median(ours)),
    peers: byName(peers, median),
    ratios: byName(peers, (values) => ratioOf(ours, values)),
    spreads: byName(rounds, spread),
    targets,
    target: Object.entries(targets)
      .map(([name, { text }]) => `${text} ${name}`.trim())
      .join(', '),
    pass: Object.values(targets).every(({ pass }) => pass),
  };
}

/**
 * @param {readonly (readonly [string, readonly number[]])[]} rounds
 * @param {(values: readonly number[]) => number} value
 */
function byName(rounds, value) {
  return Object.fromEntries(rounds.map(([name, values]) => [name, rounded(value(values))]));
}

/**
 * How often ours is theirs. Round by round, because both had the same
 * conditions only there, and then the median.
 *
 * @param {readonly number[]} ours
 * @param {readonly number[]} theirs
 */
function ratioOf(ours, theirs) {
  return median(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)));
}

/** @param {Bound} bound */
function textOf(bound) {
  if ('atMostMore' in bound) return `≤ ${bound.atMostMore.toLocaleString('en')} more`;
  return 'atLeast' in bound ? `≥ ${bound.atLeast}×` : `≤ ${bound.atMost}×`;
}

/** @param {readonly number[]} ours @param {readonly number[]} theirs @param {Bound} bound */
function reaches(ours, theirs, bound) {
  if ('atMostMore' in bound) return median(ours) - median(theirs) <= bound.atMostMore;
  const ratio = ratioOf(ours, theirs);
  return 'atLeast' in bound ? ratio >= bound.atLeast : ratio <= bound.atMost;
}

/** @param {number} value */
function rounded(value) {
  return Number(value.toPrecision(DIGITS));
}
