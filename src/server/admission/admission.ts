import { Code, DuplexError, Fault } from '../../errors.js';
import type { Principal } from '../security/principal.js';
import type { Limits } from './limits.js';

/** What a host holds now, and what its limits have refused so far, by the names of the limits. */
export interface HostCounters {
  readonly sessions: number;
  readonly handshakes: number;
  readonly calls: number;
  readonly refused: Readonly<Record<Knob, number>>;
}

type Knob = 'sessions' | 'sessionsPerPrincipal' | 'handshakes' | 'calls' | 'credentials';

/** Keeps count of what a host holds, over all its services, and refuses what is over its limits. */
export class Admission {
  #sessions = 0;
  #handshakes = 0;
  #calls = 0;
  readonly #refused = { sessions: 0, sessionsPerPrincipal: 0, handshakes: 0, calls: 0, credentials: 0 };
  readonly #ofPrincipals = new Map<string, number>();
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get counters(): HostCounters {
    const { sessions, handshakes, calls } = {
      sessions: this.#sessions,
      handshakes: this.#handshakes,
      calls: this.#calls,
    };
    return { sessions, handshakes, calls, refused: { ...this.#refused } };
  }

  /** A stream has come. Throws if too many wait already. */
  beginHandshake(): void {
    const { handshakes } = this.#limits;
    if (this.#handshakes >= handshakes) throw this.#full('handshakes', `${handshakes} streams are being opened`);
    this.#handshakes += 1;
  }

  endHandshake(): void {
    this.#handshakes -= 1;
  }

  /** The client of a stream did not get in. */
  countRefused(error: DuplexError): void {
    if (error.code === Code.UNAUTHENTICATED || error.code === Code.PERMISSION_DENIED) this.#refused.credentials += 1;
  }

  /** A session is made. Throws if there are too many. */
  beginSession(principal: Principal | undefined): void {
    const { sessions, sessionsPerPrincipal } = this.#limits;
    if (this.#sessions >= sessions) throw this.#full('sessions', `the host has its ${sessions} sessions`);
    if (principal !== undefined) {
      const own = this.#ofPrincipals.get(principal.id) ?? 0;
      if (own >= sessionsPerPrincipal) {
        throw this.#full('sessionsPerPrincipal', `this principal has its ${sessionsPerPrincipal} sessions`);
      }
      this.#ofPrincipals.set(principal.id, own + 1);
    }
    this.#sessions += 1;
  }

  endSession(principal: Principal | undefined): void {
    this.#sessions -= 1;
    if (principal === undefined) return;
    const own = (this.#ofPrincipals.get(principal.id) ?? 1) - 1;
    if (own === 0) this.#ofPrincipals.delete(principal.id);
    else this.#ofPrincipals.set(principal.id, own);
  }

  /** A call that has an answer begins. Throws if too many run. */
  beginCall(): void {
    const { calls, retryAfterMs } = this.#limits;
    if (this.#calls >= calls) {
      this.#refused.calls += 1;
      const message = `the host runs its ${calls} calls (limits.calls)`;
      throw new Fault(Code.RESOURCE_EXHAUSTED, message, [], { executed: 'no', retryAfterMs });
    }
    this.#calls += 1;
  }

  endCall(): void {
    this.#calls -= 1;
  }

  #full(knob: Knob, message: string): DuplexError {
    this.#refused[knob] += 1;
    // Spread, so that those who were refused together do not come back together.
    const retryAfterMs = Math.round(this.#limits.retryAfterMs * (1 + Math.random()));
    return new DuplexError('refused', `${message} (limits.${knob})`, { code: Code.RESOURCE_EXHAUSTED, retryAfterMs });
  }
}
