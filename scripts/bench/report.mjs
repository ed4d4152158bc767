// @ts-check
import { OURS } from './registry.mjs';
import { median, spread } from './statistics.mjs';

/**
 * @typedef {import('./types.js').Measurement} Measurement
 * @typedef {import('./types.js').Figure} Figure
 * @typedef {import('./types.js').Bound} Bound
 */

/** The columns of the table. */
export const HEADINGS = ['case', 'unit', OURS, 'compared with', 'figure', 'ratio', 'target', 'result'];

/**
 * The figures as they are written to a file: medians of all rounds, and of the
 * ratios in each round.
 *
 * @param {readonly Measurement[]} measurements
 * @returns {import('./types.js').Row[]}
 */
export function rowsOf(measurements) {
  return eachFigure(measurements, (figure, ours, peers) => {
    const targets = peers.filter(([name]) => name in figure.targets);
    return {
      case: figure.name,
      unit: figure.unit,
      ours: rounded(median(ours)),
      peers: Object.fromEntries(peers.map(([name, values]) => [name, rounded(median(values))])),
      ratios: Object.fromEntries(peers.map(([name, values]) => [name, rounded(ratioOf(ours, values))])),
      target: [
        ...targets.map(([name]) => `${textOf(figure.targets[name])} ${name}`),
        ...(figure.below === undefined ? [] : [`< ${figure.below}`]),
      ].join(', '),
      pass:
        peers.every(([name, values]) => reaches(ours, values, figure.targets[name])) &&
        median(ours) < (figure.below ?? Number.POSITIVE_INFINITY),
    };
  });
}

/**
 * The same for people: a line for each peer, with the spread of the rounds.
 *
 * @param {readonly Measurement[]} measurements
 * @returns {string[][]}
 */
export function linesOf(measurements) {
  return eachFigure(measurements, (figure, ours, peers) => {
    const { below } = figure;
    const alone = below === undefined ? [] : [['', '', '', `< ${below}`, verdict(median(ours) < below)]];
    const compared = peers.map(([name, values]) => {
      const bound = figure.targets[name];
      const result = bound === undefined ? '' : verdict(reaches(ours, values, bound));
      return [name, withSpread(values), `${readable(ratioOf(ours, values))}×`, textOf(bound), result];
    });
    const rows = [...alone, ...compared];
    return (rows.length > 0 ? rows : [['', '', '', '', '']]).map((row, index) => [
      ...(index === 0 ? [figure.name, figure.unit, withSpread(ours)] : ['', '', '']),
      ...row,
    ]);
  }).flat();
}

/** @param {boolean} isReached */
function verdict(isReached) {
  return isReached ? 'pass' : 'falls short';
}

/**
 * @template Result
 * @param {readonly Measurement[]} measurements
 * @param {(figure: Figure, ours: readonly number[], peers: (readonly [string, readonly number[]])[]) => Result} describe
 * @returns {Result[]}
 */
function eachFigure(measurements, describe) {
  return measurements.flatMap(({ of: { figures }, peers }) =>
    figures.flatMap((figure) => {
      const rounds = [...peers].map(([name, values]) => /** @type {const} */ ([name, values[figure.name] ?? []]));
      const ours = rounds.find(([name]) => name === OURS)?.[1] ?? [];
      // A quick run leaves out what takes long.
      if (ours.length === 0) return [];
      return [
        describe(
          figure,
          ours,
          rounds.filter(([name]) => name !== OURS),
        ),
      ];
    }),
  );
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

/** @param {Bound | undefined} bound */
function textOf(bound) {
  if (bound === undefined) return '';
  if ('atMostMore' in bound) return `≤ ${bound.atMostMore.toLocaleString('en')} more`;
  return 'atLeast' in bound ? `≥ ${bound.atLeast}×` : `≤ ${bound.atMost}×`;
}

/** @param {readonly number[]} ours @param {readonly number[]} theirs @param {Bound | undefined} bound */
function reaches(ours, theirs, bound) {
  if (bound === undefined) return true;
  if ('atMostMore' in bound) return median(ours) - median(theirs) <= bound.atMostMore;
  const ratio = ratioOf(ours, theirs);
  return 'atLeast' in bound ? ratio >= bound.atLeast : ratio <= bound.atMost;
}

/** @param {readonly number[]} values */
function withSpread(values) {
  return `${readable(median(values))} ±${Math.round(spread(values) * 100)} %`;
}

/** Three significant digits, grouped. @param {number} value */
function readable(value) {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

/** Enough digits for whoever calculates with it. @param {number} value */
function rounded(value) {
  return Number(value.toPrecision(6));
}

/** As text in columns. @param {readonly (readonly string[])[]} lines */
export function asText(lines) {
  const all = [HEADINGS, ...lines];
  const widths = HEADINGS.map((_, column) => Math.max(...all.map((line) => (line[column] ?? '').length)));
  return all
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** As a table of Markdown. @param {readonly (readonly string[])[]} lines */
export function asMarkdown(lines) {
  const all = [HEADINGS, HEADINGS.map(() => '---'), ...lines];
  return all.map((line) => `| ${line.join(' | ')} |`).join('\n');
}
