import { Alarm } from '../../transport/alarm.js';
import type { Clock } from '../../transport/clock.js';
import type { Principal } from './principal.js';

/** The longest that a timer of Node can wait. */
const MAX_WAIT_MS = 2 ** 31 - 1;
/** Notice shorter than this is none: whoever asked for fresh credentials then would have them too late. */
const MIN_NOTICE_MS = 1_000;
const NEVER = Number.POSITIVE_INFINITY;

/** What an expiry tells. */
export interface ExpiryEvents {
  /** The credentials end in so many milliseconds. */
  ending(withinMs: number): void;
  ended(): void;
}

/**
 * Tells when the credentials of a session's principal are about to end, and
 * when they have ended. The notice is `leadMs`, and for credentials that last
 * no longer than that, half of their time: so whoever is asked for fresh ones
 * and has none yet can be asked again, a few times, and never in a circle.
 */
export class Expiry {
  #endsAt = NEVER;
  #noticeAt = NEVER;
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  readonly #leadMs: number;
  readonly #events: ExpiryEvents;

  /** With a lead of 0 there is no notice. */
  constructor(clock: Clock, leadMs: number, events: ExpiryEvents) {
    this.#clock = clock;
    this.#leadMs = leadMs;
    this.#events = events;
    this.#alarm = new Alarm(clock, { ring: () => this.#ring() });
  }

  /** From now on these credentials count. */
  watch(principal: Principal | undefined): void {
    this.#endsAt = principal?.expiresAt?.getTime() ?? NEVER;
    const noticeMs = Math.min(this.#leadMs, (this.#endsAt - this.#clock.date()) / 2);
    this.#noticeAt = noticeMs < MIN_NOTICE_MS ? NEVER : this.#endsAt - noticeMs;
    this.#alarm.cancel();
    this.#arm();
  }

  stop(): void {
    this.#alarm.cancel();
  }

  #ring(): void {
    const now = this.#clock.date();
    if (now >= this.#endsAt) return this.#events.ended();
    const isNotice = now >= this.#noticeAt;
    if (isNotice) this.#noticeAt = NEVER;
    this.#arm();
    if (isNotice) this.#events.ending(Math.floor(this.#endsAt - now));
  }

  /** By the time of day, in which credentials end, and which goes on while a machine sleeps. */
  #arm(): void {
    const at = Math.min(this.#noticeAt, this.#endsAt);
    if (at === NEVER) return;
    const waitMs = Math.max(0, at - this.#clock.date());
    this.#alarm.setAt(this.#clock.now() + Math.min(waitMs, MAX_WAIT_MS));
  }
}
