import { Alarm } from '../../transport/alarm.js';
import type { Clock } from '../../transport/clock.js';
import type { Principal } from './principal.js';

/** The longest that a timer of Node can wait. */
const MAX_WAIT_MS = 2 ** 31 - 1;

/** Tells when the credentials of a session's principal end. */
export class Expiry {
  #expiresAt: Date | undefined;
  readonly #clock: Clock;
  readonly #alarm: Alarm;

  constructor(clock: Clock, expired: () => void) {
    this.#clock = clock;
    this.#alarm = new Alarm(clock, () => {
      if (this.#remainingMs() > 0) this.#arm();
      else expired();
    });
  }

  /** From now on these credentials count. */
  watch(principal: Principal | undefined): void {
    this.#expiresAt = principal?.expiresAt;
    this.#arm();
  }

  stop(): void {
    this.#alarm.cancel();
  }

  #arm(): void {
    const remainingMs = this.#remainingMs();
    if (remainingMs === Number.POSITIVE_INFINITY) this.#alarm.cancel();
    else this.#alarm.setAt(this.#clock.now() + Math.min(Math.max(remainingMs, 0), MAX_WAIT_MS));
  }

  /** By the wall clock, in whose time credentials are. */
  #remainingMs(): number {
    return this.#expiresAt === undefined ? Number.POSITIVE_INFINITY : this.#expiresAt.getTime() - Date.now();
  }
}
