import type { DuplexError } from '../errors.js';
import type { Hello } from '../gen/duplex/v1/session.js';
import type { Session } from '../session/session.js';
import type { SessionEnd } from '../session/session-end.js';
import type { Departure } from '../session/session-options.js';
import { Alarm } from './alarm.js';
import type { Carrier, CarrierListener } from './carrier.js';
import type { Clock } from './clock.js';
import { inMicrotask } from './microtask.js';
import type { SharedAlarms } from './shared-alarms.js';

const cancel: Departure = Object.freeze({ how: 'cancel' });

/** So long the last words of a session that is over may take; then its carrier is given up. */
const LINGER_MS = 5_000;

const written = (session: Session): void => session.written();
const tick = (session: Session, now: number): void => session.tick(now);

/** Makes a carrier that tells `listener` what happens on it. */
export type Dial = (listener: CarrierListener) => Carrier;

/**
 * Moves one session over its carriers, one after another: hands in what
 * arrives, writes what the session wants written, keeps its timers. While a
 * write is in flight the session gathers; that is where the speed comes from.
 */
export class Driver {
  #link: Link | undefined;
  #scheduled = false;
  /** The session is being told something: what it wants written then is looked at when all is told. */
  #isTelling = false;
  #lingersUntil: number | undefined;
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  /** Between two carriers there is no socket that would keep the process of a client alive. */
  readonly #redialAlarm: Alarm | undefined;
  readonly #dial: Dial | undefined;

  /** With `dial` the session gets a new carrier whenever it wants one; `alarms` are shared with other sessions. */
  constructor(session: Session, clock: Clock, dial?: Dial, alarms?: SharedAlarms) {
    this.#session = session;
    this.#clock = clock;
    this.#dial = dial;
    this.#alarm = new Alarm(alarms ?? clock, this);
    if (dial !== undefined) this.#redialAlarm = new Alarm(clock, this, true);
  }

  /** Dials for the first time. */
  start(): void {
    if (this.#dial === undefined) return;
    // grpc-js connects a tick later, and a microtask after that: the Hello is made behind it, not before it.
    this.#scheduled = true;
    process.nextTick(inMicrotask, this.#flushLast);
    this.#redial(this.#dial);
  }

  /** The same later: at the time that a service has named, or after a back-off. */
  startLater(told: SessionEnd): void {
    this.#tell((session, now) => session.postpone(told, now));
    this.wake();
  }

  /** Gives the session of a service the carrier that its client opened. */
  attach(open: Dial): void {
    this.#attach(new Link(this, open).open());
  }

  /**
   * Opens the carrier now: while it connects there is time to work out the
   * Hello. One that has to wait until it is known who says it opens it itself.
   */
  #redial(dial: Dial): void {
    const link = new Link(this, dial);
    this.#attach(link);
    if (!this.#session.controls.awaitsCredentials) link.open();
  }

  #attach(link: Link): void {
    this.#link = link;
    this.#tell((session, now) => session.attach(now, link));
    this.#flushLater();
  }

  /** Gives the session of a service a new carrier, on which the client said `hello`; false if that came late. */
  resume(open: Dial, hello: Hello): boolean {
    if (!this.#tell((session, now) => session.resume(hello, now))) return false;
    // Fenced: what the old carrier still brings is ignored from here on.
    this.#link?.leave(cancel);
    this.#link = new Link(this, open).open();
    this.#flushLater();
    return true;
  }

  /** Gives up the carrier, which the peer may mend by another one. */
  drop(error: DuplexError): void {
    this.#tell((session, now) => session.carrierLost(error, now));
    this.#flushLater();
  }

  /** The session may have something to write. All that is sent in one turn goes into one frame. */
  wake(): void {
    // What is sent while a write is in flight is gathered; only leaving, and its time-out, cannot wait.
    const leaves = this.#session.departure !== undefined || this.#session.isClosing;
    if (this.#isTelling || (this.#link?.writing === true && !leaves)) return;
    // Who sends one item at a time, and awaits its answer, has nothing to gather: 2 µs of the 50 that a request takes.
    // An item brings no deadline nearer, so the alarm stays as it is.
    const isAlone = this.#session.sender.outbox.sendsOneByOne && !leaves;
    if (!isAlone) this.#flushLater();
    else if (!this.#writeNext()) this.#flush();
  }

  /** Something happened on a carrier; only the present one counts. */
  happened(link: Link, tell: (session: Session, now: number) => void): void {
    if (link !== this.#link) return;
    const now = this.#clock.now();
    this.#tell(tell, now);
    // The answers of handlers that have returned need not wait for those of handlers that have not.
    if (!this.#session.sender.outbox.drained && this.#link?.writing === false) this.#flush();
    else if (!this.#rests(now)) this.#flushLater();
  }

  /** The present carrier takes the next frame. */
  written(link: Link): void {
    if (link !== this.#link) return;
    const session = this.#session;
    // `Session.written` has no use for the time.
    this.#tell(written, 0);
    if (hasNothingToSay(session) && session.ackDeadline === Number.POSITIVE_INFINITY) return;
    if (!this.#rests(this.#clock.now())) this.#flush();
  }

  /**
   * Whether there is nothing to write now, as after most of what happens: then
   * only the alarm is set. To look after that at once, and not in a turn of its
   * own, saves 1 µs of the 25 that a message takes in a frame of its own.
   */
  #rests(now: number): boolean {
    const session = this.#session;
    const isWriting = this.#link?.writing === true;
    if (isWriting ? !isSettled(session) : !hasNothingToSay(session) || session.ackDeadline <= now) return false;
    this.#alarm.setAt(isWriting ? session.deadlineWhileWriting : session.deadline);
    return true;
  }

  #tell<Result>(what: (session: Session, now: number) => Result, now = this.#clock.now()): Result {
    const before = this.#isTelling;
    this.#isTelling = true;
    try {
      return what(this.#session, now);
    } finally {
      this.#isTelling = before;
    }
  }

  #flushLater(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Not the next microtask but after the last one: 128 callers that a frame of replies wakes send their next requests
    // in as many microtasks, and these belong in one frame, not the first in one and the rest in another.
    inMicrotask(this.#flushLast);
  }

  readonly #flushLast = (): void => process.nextTick(Driver.#flushSoon, this);

  static #flushSoon(driver: Driver): void {
    driver.#scheduled = false;
    driver.#flush();
  }

  #flush(): void {
    const session = this.#session;
    const link = this.#link;
    if (link !== undefined) {
      if (!this.#writeNext()) this.#leave(link);
      link.setPaused(session.congested);
    }
    this.#setAlarms();
    if (session.state === 'closed') this.#linger();
  }

  /** Writes the next frame, if there is one and the carrier takes it. */
  #writeNext(): boolean {
    const link = this.#link;
    if (link === undefined || link.writing || link.hasLeft) return false;
    const frame = this.#session.poll(this.#clock.now());
    if (frame === undefined) return false;
    link.write(frame);
    return true;
  }

  #setAlarms(): void {
    const session = this.#session;
    this.#alarm.setAt(this.#link?.writing === true ? session.deadlineWhileWriting : session.deadline);
    const { redialAt } = session;
    if (redialAt === Number.POSITIVE_INFINITY) this.#redialAlarm?.cancel();
    else this.#redialAlarm?.setAt(redialAt);
  }

  /** The session is over. A peer that does not read must not hold its carrier. */
  #linger(): void {
    if (this.#link === undefined) return this.#alarm.cancel();
    this.#lingersUntil ??= this.#clock.now() + LINGER_MS;
    this.#alarm.setAt(this.#lingersUntil);
  }

  /** Leaves the carrier as the session says. A half-close may still be followed by a cancel. */
  #leave(link: Link): void {
    const { state } = this.#session;
    const departure = this.#session.departure ?? (state === 'closed' ? cancel : undefined);
    if (departure === undefined) return;
    // A write in flight is waited for, unless the carrier is given up: then it may never end.
    const givenUp = departure.how === 'cancel' || (departure.how === 'end' && departure.error !== undefined);
    if (link.writing && !givenUp) return;
    link.leave(departure);
    if (departure.how !== 'half-close' || link.isOver) this.#link = undefined;
  }

  /** From its alarms: a deadline has come, or may have. */
  ring(): void {
    const now = this.#clock.now();
    if (this.#lingersUntil !== undefined && now >= this.#lingersUntil) {
      this.#link?.leave(cancel);
      this.#link = undefined;
    }
    if (now >= this.#session.deadline) this.#tell(tick, now);
    if (now >= this.#session.redialAt && this.#dial !== undefined) {
      this.#link?.leave(cancel);
      this.#redial(this.#dial);
    }
    this.#flush();
  }
}

/** Whether a session goes on as it is: it neither opens nor leaves. */
function isSettled(session: Session): boolean {
  return session.isJoined && !session.isClosing && session.departure === undefined;
}

/** Whether it has nothing to write beside an acknowledgement. */
function hasNothingToSay(session: Session): boolean {
  return isSettled(session) && session.controls.isEmpty && session.sender.outbox.drained;
}

/** One carrier in the hands of a driver. */
class Link implements CarrierListener {
  writing = false;
  /** Whether the peer has ended the stream, or it broke. */
  isOver = false;
  #departure: Departure | undefined;
  #paused = false;
  #carrier: Carrier | undefined;
  /** Until the carrier is open. */
  #dial: Dial | undefined;
  readonly #driver: Driver;

  constructor(driver: Driver, dial: Dial) {
    this.#driver = driver;
    this.#dial = dial;
  }

  /** Opens the carrier now, not with the first frame. */
  open(): this {
    this.#carrier ??= this.#dial?.(this);
    this.#dial = undefined;
    return this;
  }

  /** Whether nothing that was written can have arrived. */
  get hasReachedNobody(): boolean {
    return this.#carrier === undefined || this.#carrier.hasReachedNobody === true;
  }

  /** Whether nothing may be written any more. */
  get hasLeft(): boolean {
    return this.#departure !== undefined;
  }

  write(frame: Uint8Array): void {
    this.writing = true;
    if (this.#carrier === undefined) this.open();
    this.#carrier?.write(frame, this.#written);
  }

  leave(departure: Departure): void {
    if (this.#departure === departure) return;
    this.#departure = departure;
    this.#carrier?.depart(departure);
  }

  setPaused(paused: boolean): void {
    if (paused === this.#paused || this.hasLeft) return;
    this.#paused = paused;
    if (paused) this.#carrier?.pause();
    else this.#carrier?.resume();
  }

  frame(frame: Uint8Array): void {
    this.#driver.happened(this, (session, now) => session.receive(frame, now));
  }

  ended(): void {
    this.isOver = true;
    this.#driver.happened(this, (session, now) => session.peerEnded(now));
  }

  lost(error: DuplexError): void {
    this.isOver = true;
    this.#driver.happened(this, (session, now) => session.carrierLost(error, now));
  }

  readonly #written = (): void => {
    this.writing = false;
    this.#driver.written(this);
  };
}
