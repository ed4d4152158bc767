import type { Clock } from '../../transport/clock.js';
import type { ResumeTokens } from './resume-tokens.js';

/** Closed sessions that are remembered at most. */
const MAX_TOMBSTONES = 10_000;

/** Remembers sessions that were closed in order, so that a client which missed the end can be told. */
export class Tombstones {
  readonly #sessions = new Map<string, { readonly tokens: ResumeTokens; readonly owner: string | undefined }>();
  readonly #clock: Clock;
  readonly #keepMs: number;

  constructor(clock: Clock, keepMs: number) {
    this.#clock = clock;
    this.#keepMs = keepMs;
  }

  /** Remembers a session for as long as it could have been resumed. */
  add(id: string, tokens: ResumeTokens, owner: string | undefined): void {
    if (this.#keepMs === 0 || this.#sessions.size >= MAX_TOMBSTONES) return;
    this.#sessions.set(id, { tokens, owner });
    this.#clock.schedule(this.#clock.now() + this.#keepMs, () => this.#sessions.delete(id));
  }

  /** Whether the session was closed, and was the owner's, who has a token of it. */
  knows(id: string, token: Uint8Array, owner: string | undefined): boolean {
    const session = this.#sessions.get(id);
    return session !== undefined && session.owner === owner && session.tokens.accepts(token);
  }
}
