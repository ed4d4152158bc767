import { codeName } from '../errors.js';
import { cleanText } from '../observability/clean-text.js';
import { type Logger, type LogRecord, resolveLogger } from '../observability/logger.js';
import { type ErrorListener, writeError } from './call-channel.js';

/** Where errors and records go, as the options of a host or client say it. */
interface ReportingOptions {
  readonly onError?: ErrorListener | undefined;
  readonly logger?: Logger | undefined;
}

/** {@link ReportingOptions}, complete: errors that nobody listens for go to the logger, or to stderr. */
export function resolveReporting(
  { onError, logger }: ReportingOptions,
  side: LogRecord['side'],
): Required<ReportingOptions> & { readonly onError: ErrorListener; readonly logger: Logger } {
  const resolved = resolveLogger(logger);
  return { logger: resolved, onError: onError ?? (logger === undefined ? writeError : logErrors(resolved, side)) };
}

function logErrors(logger: Logger, side: LogRecord['side']): ErrorListener {
  return (error, { contract, method }) => {
    const { kind, code, origin, message, errorId } = error;
    // How a session ended has a record of its own.
    if (method === undefined && kind !== 'fault') return;
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
