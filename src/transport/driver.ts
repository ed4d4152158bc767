import type { DuplexError } from '../errors.js';
import type { Departure, Session } from '../session/session.js';
import { Alarm } from './alarm.js';
import type { Carrier, CarrierListener } from './carrier.js';
import type { Clock } from './clock.js';

const cancel: Departure = Object.freeze({ how: 'cancel' });

/**
 * Moves one session over one carrier: hands in what arrives, writes what the
 * session wants written, keeps its one timer. While a write is in flight the
 * session gathers; that is where the speed comes from.
 */
export class Driver implements CarrierListener {
  #carrier: Carrier | undefined;
  #writing = false;
  #scheduled = false;
  #paused = false;
  #departed: Departure | undefined;
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #alarm: Alarm;

  constructor(session: Session, clock: Clock) {
    this.#session = session;
    this.#clock = clock;
    this.#alarm = new Alarm(clock, () => {
      if (this.#clock.now() >= this.#session.deadline) this.#session.tick(this.#clock.now());
      this.#flush();
    });
  }

  /** Starts the session on a carrier. */
  attach(carrier: Carrier): void {
    this.#carrier = carrier;
    this.#session.attach(this.#clock.now());
    this.wake();
  }

  /** The session may have something to write. All that is sent in one turn goes into one frame. */
  wake(): void {
    if (this.#scheduled || this.#writing) return;
    this.#scheduled = true;
    queueMicrotask(this.#flushSoon);
  }

  frame(frame: Uint8Array): void {
    this.#session.receive(frame, this.#clock.now());
    this.wake();
  }

  ended(): void {
    this.#session.peerEnded();
    this.wake();
  }

  lost(error: DuplexError): void {
    this.#carrier = undefined;
    this.#session.carrierLost(error);
    this.#alarm.cancel();
  }

  readonly #flushSoon = (): void => {
    this.#scheduled = false;
    this.#flush();
  };

  readonly #written = (): void => {
    this.#writing = false;
    this.#session.written();
    this.#flush();
  };

  #flush(): void {
    if (this.#writing || this.#carrier === undefined) return;
    const frame = this.#departed === undefined ? this.#session.poll(this.#clock.now()) : undefined;
    if (frame !== undefined) {
      this.#writing = true;
      this.#carrier.write(frame, this.#written);
    } else this.#depart(this.#carrier);
    this.#setPaused(this.#session.congested);
    this.#alarm.setAt(this.#session.deadline);
  }

  /** Leaves the carrier as the session says. A half-close may still be followed by a cancel. */
  #depart(carrier: Carrier): void {
    const over = this.#session.state === 'closed';
    const departure = this.#session.departure ?? (over ? this.#departed ?? cancel : undefined);
    if (departure !== undefined && departure !== this.#departed) {
      this.#departed = departure;
      carrier.depart(departure);
    }
    if (!over) return;
    this.#carrier = undefined;
    this.#alarm.cancel();
  }

  #setPaused(paused: boolean): void {
    if (paused === this.#paused || this.#carrier === undefined) return;
    this.#paused = paused;
    if (paused) this.#carrier.pause();
    else this.#carrier.resume();
  }
}
