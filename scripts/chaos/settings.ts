import { parseArgs } from 'node:util';

/** Heartbeats of every session: a vanished peer is noticed after two seconds. */
export const heartbeats = Object.freeze({ pingMs: 1_000, pingTimeoutMs: 1_000 });

/** Within this time both sides must have noticed a dead link; the last second is the machine's. */
export const detectionBoundMs = heartbeats.pingMs + heartbeats.pingTimeoutMs + 1_000;

/** How long sessions wait for their connection; longer than any outage but the kills. */
export const resumeWindowMs = 8_000;

/** Within this time a session must go on after its connection can be made again. */
export const resumeBoundMs = 20_000;

/** What a process may need more at the end than near the start, after a collection: a leak would be larger. */
export const MAX_GROWTH_BYTES = 16 * 1024 * 1024;

/** So many links die in the kernel, where the machine lets us. */
export const KERNEL_HALF_OPEN = 3;

/** What a run is asked to do; it ends with the time, or with the counts. */
export interface ChaosOptions {
  readonly seed: number;
  readonly minutes: number | undefined;
  readonly flaps: number;
  readonly halfOpen: number;
  /** So many sessions run side by side, every second one over TLS. */
  readonly lanes: number;
  /** Nothing but broken connections, so that every session lives through all of them. */
  readonly onlyFlaps: boolean;
  /** Keep the history logs of a run that went well, too. */
  readonly keep: boolean;
}

export const USAGE = `npm run chaos -- [options]
  --minutes N     goes on for N minutes
  --flaps N       breaks N connections (default 500, without --minutes)
  --half-open N   lets N links die without a word (default 5, without --minutes)
  --lanes N       so many sessions side by side (default 4)
  --only-flaps    nothing worse than broken connections, so that each session lives through all of them
  --seed N        repeats the faults of another run
  --keep          keeps the history logs`;

/** Reads the command line; undefined if only the usage is wanted. Throws for what it does not understand. */
export function readOptions(args: readonly string[]): ChaosOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string' },
      flaps: { type: 'string' },
      'half-open': { type: 'string' },
      lanes: { type: 'string', default: '4' },
      'only-flaps': { type: 'boolean', default: false },
      seed: { type: 'string' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const minutes = count('minutes', values.minutes);
  const otherwise = (usual: number): number => (minutes === undefined ? usual : Number.POSITIVE_INFINITY);
  return {
    seed: count('seed', values.seed) ?? Math.floor(Math.random() * 2 ** 31),
    minutes,
    flaps: count('flaps', values.flaps) ?? otherwise(500),
    halfOpen: values['only-flaps'] ? 0 : (count('half-open', values['half-open']) ?? otherwise(5)),
    lanes: count('lanes', values.lanes) ?? 4,
    onlyFlaps: values['only-flaps'],
    keep: values.keep,
  };
}

function count(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number) || number < 0)
    throw new Error(`--${name} ${value} is not a number`);
  return number;
}
