import { defaultCallLimits } from '../../calls/incoming/call-limits.js';
import { badOption, resolveOptions } from '../../calls/resolve-options.js';

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
  /** Calls of one session that run at a time, where its concurrency is `multiple`; further ones wait. Default: 256. */
  readonly callsPerSession: number;
  /**
   * Calls of one session that wait for their turn; one with an answer that finds
   * so many is refused. 0: none waits. Default: 16,384, what the window takes.
   */
  readonly waitingPerSession: number;
  /** Reply streams of one session that are open. Default: 1,024. */
  readonly streamsPerSession: number;
  /**
   * Objects that serve, of all services together: made by a factory and not
   * disposed of. Default: as many as `sessions` and `calls` together.
   */
  readonly instances: number;
  /**
   * Bytes that all sessions together hold: what was sent and not handled, what
   * waits to be sent, what was received and waits for its handler or reader. Past half of
   * it each session that holds anything has an equal share; past all of it those
   * that take nothing are ended. Default: 268,435,456, which are 256 MiB.
   */
  readonly heldBytes: number;
  /** When those who were refused a session should try again: from this to twice as much, by chance. Default: 1,000. */
  readonly retryAfterMs: number;
}

const defaults: Omit<Limits, 'instances'> = Object.freeze({
  sessions: 10_000,
  sessionsPerPrincipal: 1_000,
  handshakes: 1_000,
  calls: 10_000,
  callsPerSession: defaultCallLimits.running,
  waitingPerSession: defaultCallLimits.waiting,
  streamsPerSession: defaultCallLimits.streams,
  heldBytes: 256 * 1024 * 1024,
  retryAfterMs: 1_000,
});

/** Limits, complete. Throws INVALID_ARGUMENT, naming the limit, for what is no whole number, and for one that there is not. */
export function resolveLimits(limits: Partial<Limits> = {}): Limits {
  const known = [...Object.keys(defaults), 'instances'];
  const given = resolveOptions(defaults, limits, { prefix: 'limits.', known });
  const resolved = { ...given, instances: limits.instances ?? given.sessions + given.calls };
  for (const [name, value] of Object.entries(resolved)) {
    const least = name === 'waitingPerSession' ? 0 : 1;
    if (!Number.isSafeInteger(value) || value < least) {
      throw badOption(`limits.${name}`, value, `a whole number from ${least} up`);
    }
  }
  return resolved;
}
