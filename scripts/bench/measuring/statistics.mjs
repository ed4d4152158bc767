// @ts-check

/** @param {number} count @param {number} start as `performance.now()` said */
export function perSecond(count, start) {
  return (count / (performance.now() - start)) * 1_000;
}

/** @param {Float64Array} sorted @param {number} percent */
export function percentile(sorted, percent) {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * How far the values lie apart: half of the range that holds the middle half of
 * them, as a part of the median.
 *
 * @param {readonly number[]} values
 */
export function spread(values) {
  const sorted = Float64Array.from(values).sort();
  const quarter = Math.floor(sorted.length / 4);
  return ((sorted.at(-1 - quarter) ?? Number.NaN) - (sorted[quarter] ?? Number.NaN)) / 2 / median(values);
}

/**
 * The same values in a random order.
 *
 * @template Value
 * @param {readonly Value[]} values
 * @returns {Value[]}
 */
export function shuffled(values) {
  return values
    .map((value) => ({ value, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ value }) => value);
}
