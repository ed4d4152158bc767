import { Code, DuplexError } from '../errors.js';

/** The longest time that an option takes, in milliseconds: what a uint32 on the wire holds, 49 days. */
const MAX_MS = 0xffff_ffff;

/**
 * Options over their defaults. An option that is `undefined` counts as left
 * out. Throws INVALID_ARGUMENT, naming the option, for a time that is none:
 * every name that ends in `Ms` has to be a number from `least` up.
 */
export function resolveOptions<Defaults extends object, Options extends object>(
  defaults: Defaults,
  options: Options,
  least: Readonly<Record<string, number>>,
): Defaults & Options {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    if (!name.endsWith('Ms')) continue;
    const from = least[name] ?? 1;
    if (typeof value === 'number' && Number.isInteger(value) && value >= from && value <= MAX_MS) continue;
    const message = `${name} is ${String(value)}: write a whole number of milliseconds from ${from} to ${MAX_MS}`;
    throw new DuplexError('fault', message, { code: Code.INVALID_ARGUMENT });
  }
  return { ...defaults, ...Object.fromEntries(given) } as Defaults & Options;
}
