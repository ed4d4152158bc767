import { codeName, DuplexError, textOf } from '../errors.js';
import { cleanText } from '../observability/clean-text.js';
import { runHook } from '../observability/hook.js';
import { type Logger, type LogRecord, resolveLogger } from '../observability/logger.js';
import { type ErrorListener, writeError } from './call-channel.js';

/** Where errors and records go, as the options of a host or client say it. */
interface ReportingOptions {
  readonly onError?: ErrorListener | undefined;
  readonly logger?: Logger | undefined;
}

/** {@link ReportingOptions}, complete. None of them can fail. */
export interface Reporting {
  readonly logger: Logger;
  /** Errors that nobody listens for go to the logger, or to stderr. */
  readonly onError: ErrorListener;
  /** The same for the errors that end sessions, of which the logger has a record already. */
  readonly onLoss: ErrorListener;
}

/** Completes options. Throws INVALID_ARGUMENT for what is no logger. */
export function resolveReporting({ onError, logger }: ReportingOptions, side: LogRecord['side']): Reporting {
  const resolved = resolveLogger(logger);
  const unheard = logger === undefined ? writeError : logErrors(resolved, side);
  if (onError !== undefined) {
    const listener = guarded(onError, unheard);
    return { logger: resolved, onError: listener, onLoss: listener };
  }
  return { logger: resolved, onError: unheard, onLoss: logger === undefined ? writeError : () => {} };
}

/** A listener that cannot fail: an error that it does not take goes where it goes without one, and so does its own. */
function guarded(listener: ErrorListener, unheard: ErrorListener): ErrorListener {
  return (error, source) =>
    runHook(
      () => listener(error, source),
      (thrown) => {
        unheard(error, source);
        unheard(new DuplexError('fault', `onError failed: ${textOf(thrown)}`, { cause: thrown }), source);
      },
    );
}

function logErrors(logger: Logger, side: LogRecord['side']): ErrorListener {
  return (error, { contract, method }) => {
    const { kind, code, origin, message, errorId } = error;
    const reason = cleanText(message);
    logger.error({
      ...{ event: 'error', message: `${method ?? contract}: ${reason}`, side, contract },
      ...{ kind, code: codeName(code), origin, reason, stack: stackOf(error) },
      ...(method !== undefined && { method }),
      ...(errorId !== undefined && { errorId }),
    });
  };
}

/** Where an error was thrown, without its text, which may be a peer's. */
function stackOf({ stack, cause }: Error): string {
  const lines = ((cause instanceof Error ? cause.stack : stack) ?? '').split('\n');
  return lines
    .filter((line) => /^ +at /.test(line))
    .map(cleanText)
    .join('\n');
}
