import { Code, DuplexError } from '../../errors.js';
import type { Credentials } from '../../gen/duplex/v1/session.js';
import type { Clock } from '../../transport/clock.js';
import { Expiry } from './expiry.js';
import type { Principal } from './principal.js';

type Identified = Principal | undefined;

/** The session whose credentials are kept fresh. */
export interface RenewalOwner {
  /** Asks the client for fresh credentials, if it can be asked now. */
  ask(withinMs: number): void;
  /** Who shows these. Throws, or rejects, with what the client is told. */
  identify(shown: Credentials): Identified | Promise<Identified>;
  /** Whether it is the principal of the session. */
  belongsTo(principal: Identified): boolean;
  renewed(principal: Identified): void;
  /** What was shown is bad, or somebody else's: the session is over. */
  refused(error: DuplexError): void;
  /** The credentials have ended, and nothing better was shown. */
  expired(): void;
}

/**
 * Keeps a session's principal known while it lives: asks for fresh credentials
 * before those that it has end, and verifies what the client shows, one at a
 * time.
 *
 *              about to end          shown
 *     known ────────────────▶ asked ──────▶ verifying ── bad, or another's ──▶ over
 *       ▲                       │               │
 *       │                       │ ended         │ the same principal
 *       │                       ▼               │
 *       ├── resumed ──── without a carrier      │
 *       └───────────────────────────────────────┘
 *
 * A client may show credentials without being asked. One that shows none has
 * to come back over a new carrier, where it is identified by what it says then.
 */
export class Renewal {
  #verifying: object | undefined;
  /** What came while something else was verified; of several the last. */
  #next: Credentials | undefined;
  readonly #expiry: Expiry;
  readonly #owner: RenewalOwner;

  constructor(clock: Clock, leadMs: number, owner: RenewalOwner) {
    this.#owner = owner;
    this.#expiry = new Expiry(clock, leadMs, {
      ending: (withinMs) => owner.ask(withinMs),
      ended: () => owner.expired(),
    });
  }

  /** The client is identified on a carrier of its own: what was shown before does not count any more. */
  identified(principal: Identified): void {
    this.#verifying = undefined;
    this.#next = undefined;
    this.#expiry.watch(principal);
  }

  /** The client shows fresh credentials. */
  shown(credentials: Credentials): void {
    if (this.#verifying !== undefined) this.#next = credentials;
    else void this.#verify(credentials);
  }

  stop(): void {
    this.#verifying = undefined;
    this.#next = undefined;
    this.#expiry.stop();
  }

  async #verify(credentials: Credentials): Promise<void> {
    const turn = {};
    this.#verifying = turn;
    let verdict: Identified | DuplexError;
    try {
      verdict = await this.#owner.identify(credentials);
    } catch (error) {
      verdict = DuplexError.from(error);
    }
    if (this.#verifying !== turn) return;
    this.#verifying = undefined;
    this.#take(verdict);
    const next = this.#next;
    this.#next = undefined;
    if (next !== undefined) this.shown(next);
  }

  #take(verdict: Identified | DuplexError): void {
    if (verdict instanceof DuplexError) {
      // That nobody can tell at the moment says nothing of the credentials that the session has.
      if (verdict.code === Code.UNAUTHENTICATED || verdict.code === Code.PERMISSION_DENIED)
        this.#owner.refused(verdict);
    } else if (this.#owner.belongsTo(verdict)) {
      this.#expiry.watch(verdict);
      this.#owner.renewed(verdict);
    } else {
      const message = 'the fresh credentials are those of somebody else';
      this.#owner.refused(new DuplexError('refused', message, { code: Code.UNAUTHENTICATED }));
    }
  }
}
