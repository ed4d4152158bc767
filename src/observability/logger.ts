import { Code, DuplexError, textOf } from '../errors.js';
import { runHook } from './hook.js';

/** What a log record tells of; docs/logging.md has the table. */
export type LogEvent =
  | 'session.opened'
  | 'session.suspended'
  | 'session.resumed'
  | 'session.closed'
  | 'session.refused'
  | 'session.failed'
  | 'item.dropped'
  | 'item.unknown'
  | 'host.listening'
  | 'host.stopped'
  | 'error';

/**
 * One thing that an operator may want to know. It is plain data: texts and
 * numbers. What a peer has a say in is escaped and cut.
 */
export interface LogRecord {
  readonly event: LogEvent;
  /** The same for people. */
  readonly message: string;
  readonly side: 'client' | 'service';
  /** Full name of the contract; absent for what concerns the host as a whole. */
  readonly contract?: string;
  /** The same on both sides. Absent before there is a session, and for a plain one at the client. */
  readonly sessionId?: string;
  /** Address of the other side: as the connection shows it, or as the client dials it. */
  readonly peer?: string;
  /** Id of the client's principal. */
  readonly principal?: string;
  /** Local name of the operation or callback. */
  readonly method?: string;
  /** What happened, in one word: the kind of the error, or of the session's end. */
  readonly kind?: string;
  /** Name of the gRPC status code, e.g. `UNAUTHENTICATED`. */
  readonly code?: string;
  /** Which side it came from. */
  readonly origin?: 'local' | 'remote';
  readonly reason?: string;
  /** How long the session was open, or without a connection. */
  readonly lastedMs?: number;
  /** After any end but an orderly one: how many items this side sent that may or may not have arrived. */
  readonly unknownItems?: number;
  /** What happened in the session that no caller saw, as far as anything did. */
  readonly counters?: Readonly<Record<string, number>>;
  /** Under which a client knows an error whose text it is not told. */
  readonly errorId?: string;
  /** Where an error was thrown. */
  readonly stack?: string;
  /** Where a host listens. */
  readonly address?: string;
  /** How many sessions a host that stopped has closed in order, and how many not. */
  readonly closed?: number;
  readonly aborted?: number;
}

/**
 * Where records go. `console`, a winston logger, and a pino logger are such
 * objects as they are; pino by `pino({ messageKey: 'message' })`.
 */
export interface Logger {
  info(record: LogRecord): void;
  warn(record: LogRecord): void;
  error(record: LogRecord): void;
}

type Level = keyof Logger;

const levels: readonly Level[] = ['info', 'warn', 'error'];

/**
 * A logger that cannot fail: what `logger` throws, or rejects with, is written
 * to stderr. Without one nothing is logged. Throws INVALID_ARGUMENT for what is
 * no logger.
 */
export function resolveLogger(logger: Logger | undefined): Logger {
  if (logger === undefined) return noLogger;
  for (const level of levels) {
    if (typeof (logger as Partial<Logger> | null)?.[level] === 'function') continue;
    const message = `logger has no function ${level}: give an object with ${levels.join(', ')}, such as console`;
    throw new DuplexError('fault', message, { code: Code.INVALID_ARGUMENT });
  }
  const failed = (error: unknown): void => console.error(`the logger failed: ${textOf(error)}`);
  const write = (level: Level) => (record: LogRecord) => void runHook(() => logger[level](record), failed);
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

/** What there is where the application has none: records for it need not be made. */
export const noLogger: Logger = Object.freeze({ info() {}, warn() {}, error() {} });
