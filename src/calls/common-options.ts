import type { AnyContract } from '../contract/contract.js';
import { aBoolean, aFunction, anObject, anObjectWith, type OptionKind, type OptionRules } from './resolve-options.js';

/** What is served or called. */
export const aContract: OptionKind = Object.freeze({
  what: 'a contract, such as generated code exports',
  fits: (value: unknown) => anObject.fits(value) && Array.isArray((value as Partial<AnyContract>).operations),
});

const around = ['incoming', 'outgoing', 'message'] as const;

const interceptors: OptionKind = Object.freeze({
  what: `an array of interceptors, objects with functions named ${around.join(', ')}, or some of them`,
  fits: (value: unknown) => Array.isArray(value) && value.every(isInterceptor),
});

/** The rules of those options that a host and a client have in common, beside their times and their logger. */
export const commonRules: Required<Pick<OptionRules, 'oneOf' | 'kinds'>> = Object.freeze({
  oneOf: { operationContext: ['auto', true, false] },
  kinds: {
    onError: aFunction,
    includeErrorDetail: aBoolean,
    interceptors,
    clock: anObjectWith('now', 'date', 'schedule'),
  },
});

/** One that has none of the functions would do nothing: its author has misspelt them. */
function isInterceptor(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const functions = around.map((name) => (value as Readonly<Record<string, unknown>>)[name]);
  return (
    functions.some((one) => one !== undefined) &&
    functions.every((one) => one === undefined || typeof one === 'function')
  );
}
