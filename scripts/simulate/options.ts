import { parseArgs } from 'node:util';

export const USAGE = `npm run simulate -- [options]
  --seeds N   how many seeds to run (default 2000)
  --from N    the first one (default 0)
  --seed N    only this one, with its trace
  --trace     with --seed: the trace of the whole plan, not of the smallest one that fails
  --brief     of a failure only its seed and the rule that is broken
  --keep      goes on after a failure`;

/** What the command line asks for. */
export interface SimulateOptions {
  readonly from: number;
  readonly seeds: number;
  /** Whether to print what happened, for one seed. */
  readonly single: boolean;
  readonly trace: boolean;
  readonly brief: boolean;
  readonly keep: boolean;
}

/** Reads the command line; undefined if it asks for help. Throws for what cannot be meant. */
export function readOptions(args: readonly string[]): SimulateOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '2000' },
      from: { type: 'string', default: '0' },
      seed: { type: 'string' },
      trace: { type: 'boolean', default: false },
      brief: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { seed, trace, brief, keep } = values;
  if (seed !== undefined) return { from: wholeNumber('seed', seed), seeds: 1, single: true, trace, brief, keep };
  const [from, seeds] = [wholeNumber('from', values.from), wholeNumber('seeds', values.seeds)];
  return { from, seeds, single: false, trace, brief, keep };
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} wants a whole number, not ${text}`);
  return value;
}
