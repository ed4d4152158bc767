import { Code, codeName, type DuplexError } from '../errors.js';
import { isOrderly, type SessionEnd } from '../session/session-end.js';
import { cleanText } from './clean-text.js';
import { type Logger, type LogRecord, noLogger } from './logger.js';

/** Whose session it is. */
export type SessionFields = Pick<LogRecord, 'side' | 'contract' | 'sessionId' | 'peer' | 'principal'>;

/** Tells a logger what becomes of one session: of its whole life a handful of records, of its messages none. */
export class SessionLog {
  #openedAt: number | undefined;
  #suspendedAt = 0;
  #noticed: Set<string> | undefined;
  readonly #logger: Logger;
  readonly #clock: { now(): number };
  readonly #session: { readonly logFields: SessionFields };

  /** The session is asked for each record: it gets its id when it opens, and its principal may change. */
  constructor(logger: Logger, clock: { now(): number }, session: { readonly logFields: SessionFields }) {
    this.#logger = logger;
    this.#clock = clock;
    this.#session = session;
  }

  opened(): void {
    this.#openedAt = this.#clock.now();
    if (this.#isSilent) return;
    this.#logger.info(this.#record('session.opened', (session) => `${session} is open`));
  }

  suspended(error: DuplexError): void {
    this.#suspendedAt = this.#clock.now();
    const { reason, ...cause } = causeOf(error);
    const record = this.#record('session.suspended', (session) => `${session} lost its connection: ${reason}`);
    this.#logger.warn({ ...record, ...cause, reason });
  }

  resumed(): void {
    const lastedMs = Math.round(this.#clock.now() - this.#suspendedAt);
    const record = this.#record('session.resumed', (session) => `${session} goes on after ${lastedMs} ms`);
    this.#logger.info({ ...record, lastedMs });
  }

  /** The session is over; of the counters those are told that counted anything. */
  closed(end: SessionEnd, counters: Readonly<Record<string, number>>): void {
    if (this.#isSilent) return;
    if (this.#openedAt === undefined) return this.#neverOpened(end);
    const cause = causeOf(end);
    const counted = Object.entries(counters).filter(([, count]) => count > 0);
    const record: LogRecord = {
      ...this.#record('session.closed', (session) => `${session} is over, ${end.kind}: ${cause.reason}`),
      ...cause,
      lastedMs: Math.round(this.#clock.now() - this.#openedAt),
      ...(end.unknownItems !== undefined && { unknownItems: end.unknownItems }),
      ...(counted.length > 0 && { counters: Object.fromEntries(counted) }),
    };
    // Credentials that end, say, abort a session as well, and that is no wish of its client.
    if (isOrderly(end) && end.code === Code.OK) this.#logger.info(record);
    else this.#logger.warn(record);
  }

  /** An item was dropped by the method's policy; told once for each method. */
  dropped(method: string, policy: string): void {
    if (!this.#isNews(method)) return;
    const text = `the other side is too slow for ${method}, and ${policy} drops what is older`;
    this.#logger.info({ ...this.#record('item.dropped', (session) => `${session}: ${text}`), method, kind: policy });
  }

  /** An item came whose method the contract does not have; told once. */
  unknown(what: string): void {
    if (!this.#isNews('')) return;
    const reason = `no method with ${cleanText(what)} is known here: the other side speaks a newer contract`;
    this.#logger.warn({ ...this.#record('item.unknown', (session) => `${session}: ${reason}`), reason });
  }

  /** Nobody has to be told of a session that nobody wanted any more. */
  #neverOpened(end: SessionEnd): void {
    if (!isOrderly(end)) logRefusal(this.#logger, this.#session.logFields, end);
  }

  /** Nobody hears, as in most processes: then records, with their texts, need not be made. */
  get #isSilent(): boolean {
    return this.#logger === noLogger;
  }

  #isNews(method: string): boolean {
    this.#noticed ??= new Set();
    if (this.#noticed.has(method)) return false;
    this.#noticed.add(method);
    return true;
  }

  #record(event: LogRecord['event'], text: (session: string) => string): LogRecord {
    const fields = this.#session.logFields;
    return { event, message: text(nameOf(fields)), ...fields };
  }
}

/** A client was not let in, or did not get in. */
export function logRefusal(logger: Logger, fields: SessionFields, error: DuplexError | SessionEnd): void {
  const cause = causeOf(error);
  const what = fields.side === 'client' ? 'no session' : `${fields.peer} is turned away`;
  const event = error.kind === 'refused' ? 'session.refused' : 'session.failed';
  logger.warn({ event, message: `${what}: ${cause.reason}`, ...fields, ...cause });
}

function nameOf({ sessionId, peer, contract }: SessionFields): string {
  const id = sessionId === undefined ? '' : ` ${sessionId.slice(0, 8)}`;
  return `session${id} of ${contract} with ${peer}`;
}

function causeOf({ kind, code, origin, message }: DuplexError | SessionEnd) {
  return { kind, code: codeName(code), origin, reason: cleanText(message) };
}
