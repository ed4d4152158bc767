import { Code, DuplexError } from '../../errors.js';

/** How much a host takes on. At each limit it refuses at once, with RESOURCE_EXHAUSTED and the limit's name. */
export interface Limits {
  /** Sessions of all services together. Default: 10,000. */
  readonly sessions: number;
  /** Sessions of one principal, where clients are authenticated. Default: 1,000. */
  readonly sessionsPerPrincipal: number;
  /** Streams that have not said yet what they want, or are being authenticated. Default: 1,000. */
  readonly handshakes: number;
  /** Calls with an answer that run in all sessions together; what has no answer is never refused. Default: 10,000. */
  readonly calls: number;
  /** When those who were refused a session should try again: from this to twice as much, by chance. Default: 1,000. */
  readonly retryAfterMs: number;
}

const defaults: Limits = Object.freeze({
  sessions: 10_000,
  sessionsPerPrincipal: 1_000,
  handshakes: 1_000,
  calls: 10_000,
  retryAfterMs: 1_000,
});

/** Limits, complete. Throws INVALID_ARGUMENT, naming the limit, for what is no whole number above 0. */
export function resolveLimits(limits: Partial<Limits> = {}): Limits {
  const resolved = { ...defaults, ...limits };
  for (const [name, value] of Object.entries(resolved)) {
    if (Number.isInteger(value) && value > 0) continue;
    const message = `limits.${name} is ${String(value)}: write a whole number above 0`;
    throw new DuplexError('fault', message, { code: Code.INVALID_ARGUMENT });
  }
  return resolved;
}
