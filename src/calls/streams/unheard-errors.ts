import type { DuplexError } from '../../errors.js';
import { config } from '../rx.js';

/** Where a stream's error says who reports it, if nobody hears it. */
const unheard = Symbol('unheard');

interface Unheard {
  readonly [unheard]?: (error: DuplexError) => void;
}

/** Marks the error of a stream: without an ear for it, it goes to `report`. */
export function asUnheard(error: DuplexError, report: (error: DuplexError) => void): DuplexError {
  if (!Object.hasOwn(error, unheard)) Object.defineProperty(error, unheard, { value: report });
  return error;
}

/**
 * Sees to it that a stream which fails, and which somebody subscribed to
 * without an error callback, is reported. rxjs would throw the error in a
 * timer, which ends the process: then a client that leaves could end a host.
 * Every other error takes the way that rxjs has for it, and an application
 * that sets `config.onUnhandledError` itself keeps its own rule.
 */
export function hearUnheardErrors(): void {
  if (config.onUnhandledError !== null) return;
  config.onUnhandledError = (error: unknown) => {
    const report = error instanceof Error ? (error as Unheard)[unheard] : undefined;
    if (report === undefined) throw error;
    report(error as DuplexError);
  };
}
