/** Numbers from the first to the last, both included. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

/** A set of field numbers, kept as ranges because a `reserved` statement may name millions at once. */
export type NumberSet = readonly NumberRange[];

/** The set of single numbers. */
export function numberSet(numbers: Iterable<number>): NumberSet {
  return normalize([...numbers].map((number) => ({ first: number, last: number })));
}

/** Sorted, without overlaps, and with neighbours joined: the one form of a set. */
export function normalize(ranges: NumberSet): NumberSet {
  const result: NumberRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const previous = result.at(-1);
    if (previous === undefined || range.first > previous.last + 1) result.push(range);
    else result[result.length - 1] = { first: previous.first, last: Math.max(previous.last, range.last) };
  }
  return result;
}

/** All numbers of the given sets. */
export function union(...sets: readonly NumberSet[]): NumberSet {
  return normalize(sets.flat());
}

/** The numbers of a set that are not among `numbers`. */
export function without(set: NumberSet, numbers: Iterable<number>): NumberSet {
  let result = set;
  for (const number of numbers) {
    result = result.flatMap((range) => {
      if (number < range.first || number > range.last) return [range];
      const parts = [
        { first: range.first, last: number - 1 },
        { first: number + 1, last: range.last },
      ];
      return parts.filter(({ first, last }) => first <= last);
    });
  }
  return result;
}

/** Whether a number is in the set. */
export function contains(set: NumberSet, number: number): boolean {
  return set.some(({ first, last }) => first <= number && number <= last);
}
