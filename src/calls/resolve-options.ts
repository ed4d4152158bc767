import { Code, DuplexError } from '../errors.js';

/** The longest time that an option takes, in milliseconds: what a uint32 on the wire holds, 49 days. */
const MAX_MS = 0xffff_ffff;

/** What options have to be, beside numbers of milliseconds where their names end in `Ms`. */
export interface OptionRules {
  /** The least that a time may be, by its name, where it is not 1. */
  readonly least?: Readonly<Record<string, number>>;
  /** The words that an option may be, by its name. */
  readonly oneOf?: Readonly<Record<string, readonly string[]>>;
  /** What stands before names in errors. */
  readonly prefix?: string;
}

/**
 * Options over their defaults. An option that is `undefined` counts as left
 * out. Throws INVALID_ARGUMENT, naming the option and what it may be, for a
 * time that is none, and for a word that the rules do not have.
 */
export function resolveOptions<Defaults extends object, Options extends object>(
  defaults: Defaults,
  options: Options,
  { least = {}, oneOf = {}, prefix = '' }: OptionRules = {},
): Defaults & Options {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    const words = oneOf[name];
    const from = least[name] ?? 1;
    if (words?.includes(value as string) === false) refuse(name, value, words.join(' or '));
    if (!name.endsWith('Ms')) continue;
    if (typeof value === 'number' && Number.isInteger(value) && value >= from && value <= MAX_MS) continue;
    refuse(name, value, `a whole number of milliseconds from ${from} to ${MAX_MS}`);
  }
  return { ...defaults, ...Object.fromEntries(given) } as Defaults & Options;

  function refuse(name: string, value: unknown, expected: string): never {
    const message = `${prefix}${name} is ${String(value)}: write ${expected}`;
    throw new DuplexError('fault', message, { code: Code.INVALID_ARGUMENT });
  }
}
