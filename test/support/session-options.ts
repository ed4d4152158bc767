import type { SessionOptions } from '../../src/session/session-options.js';

/** What sessions are made with in tests, apart from their role and terms; chance is none. */
export const usualOptions: Omit<SessionOptions, 'role' | 'terms'> = {
  contract: 'a.AService',
  level: 'session',
  waiting: { items: 1_024, bytes: 4 * 1024 * 1024 },
  openTimeoutMs: 10_000,
  retryOpen: false,
  closeTimeoutMs: 10_000,
  backoff: { firstMs: 100, maxMs: 10_000 },
  random: () => 0.5,
  randomBytes: (length) => new Uint8Array(length),
};
