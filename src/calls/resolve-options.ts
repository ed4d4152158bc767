import { Code, DuplexError } from '../errors.js';

/** The longest time that an option takes, in milliseconds: what a uint32 on the wire holds, 49 days. */
const MAX_MS = 0xffff_ffff;

/** So much of a text that is a mistake is shown. */
const MAX_SHOWN = 64;

/** What an option has to be: `what` says it in errors, after "write". */
export interface OptionKind {
  readonly what: string;
  fits(value: unknown): boolean;
}

/** An option that is called. */
export const aFunction: OptionKind = Object.freeze({
  what: 'a function',
  fits: (value: unknown) => typeof value === 'function',
});

/** An option that is on or off. */
export const aBoolean: OptionKind = Object.freeze({
  what: 'true or false',
  fits: (value: unknown) => typeof value === 'boolean',
});

/** An option that counts something. */
export const aCount: OptionKind = Object.freeze({
  what: 'a whole number from 1 up',
  fits: (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 1,
});

/** An option that has options of its own. */
export const anObject: OptionKind = Object.freeze({
  what: 'an object',
  fits: (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value),
});

/** An option that is an object with these functions, of its own or of its class. */
export function anObjectWith(...functions: readonly string[]): OptionKind {
  return {
    what: `an object with the functions ${functions.join(', ')}`,
    fits: (value) =>
      typeof value === 'object' &&
      value !== null &&
      functions.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === 'function'),
  };
}

/** What options have to be, beside numbers of milliseconds where their names end in `Ms`. */
export interface OptionRules {
  /** The least that a time may be, by its name, where it is not 1. */
  readonly least?: Readonly<Record<string, number>>;
  /** The words that an option may be, by its name. */
  readonly oneOf?: Readonly<Record<string, readonly unknown[]>>;
  /** What an option that is no word has to be, by its name. */
  readonly kinds?: Readonly<Record<string, OptionKind>>;
  /** All options that there are, where one that is not among them is a mistake. */
  readonly known?: readonly string[];
  /** What stands before names in errors. */
  readonly prefix?: string;
}

/**
 * Options over their defaults. An option that is `undefined` counts as left
 * out. Throws INVALID_ARGUMENT, naming the option, what it is and what it may
 * be, for a time that is none, and for what the rules do not allow.
 */
export function resolveOptions<Defaults extends object, Options extends object>(
  defaults: Defaults,
  options: Options,
  rules: OptionRules = {},
): Defaults & Options {
  const { prefix = '', known } = rules;
  if (!anObject.fits(options)) throw badOption(prefix.slice(0, -1) || 'the object of options', options, anObject.what);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    if (known?.includes(name) === false) throw unknownOption(`${prefix}${name}`, known);
    const expected = expectedOf(name, value, rules);
    if (expected !== undefined) throw badOption(`${prefix}${name}`, value, expected);
  }
  return { ...defaults, ...Object.fromEntries(given) } as Defaults & Options;
}

/** What should be written in place of a value; undefined if it is as it should be. */
function expectedOf(
  name: string,
  value: unknown,
  { least = {}, oneOf = {}, kinds = {} }: OptionRules,
): string | undefined {
  const words = oneOf[name];
  if (words?.includes(value) === false) return words.map(String).join(' or ');
  const kind = kinds[name];
  if (kind?.fits(value) === false) return kind.what;
  if (!name.endsWith('Ms')) return undefined;
  const from = least[name] ?? 1;
  if (typeof value === 'number' && Number.isInteger(value) && value >= from && value <= MAX_MS) return undefined;
  return `a whole number of milliseconds from ${from} to ${MAX_MS}`;
}

/** INVALID_ARGUMENT that names what is wrong, and says what to write in its place. */
export function badOption(name: string, value: unknown, expected: string): DuplexError {
  return new DuplexError('fault', `${name} is ${shown(value)}: write ${expected}`, { code: Code.INVALID_ARGUMENT });
}

function unknownOption(name: string, known: readonly string[]): DuplexError {
  const message = `there is no option ${name}: there are ${known.join(', ') || 'none'}`;
  return new DuplexError('fault', message, { code: Code.INVALID_ARGUMENT });
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, MAX_SHOWN));
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'function') return 'a function';
  if (value instanceof Date && Number.isNaN(value.getTime())) return 'an Invalid Date';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
