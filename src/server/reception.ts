import { Code, DuplexError } from '../errors.js';
import { Control, type Hello } from '../gen/duplex/v1/session.js';
import { isPromiseLike } from '../observability/hook.js';
import { Alarm } from '../transport/alarm.js';
import type { CarrierListener, IncomingCarrier } from '../transport/carrier.js';
import type { Clock } from '../transport/clock.js';
import type { Dial } from '../transport/driver.js';
import type { SharedAlarms } from '../transport/shared-alarms.js';
import { Field } from '../wire/fields.js';
import { FrameDecoder } from '../wire/frame-decoder.js';
import type { Principal } from './security/principal.js';

/** A stream that has said what it wants, and whose client is known. */
export interface Arrival {
  readonly carrier: IncomingCarrier;
  readonly principal: Principal | undefined;
  /** Takes the stream over; to be called once, at once. */
  readonly open: Dial;
}

/** Takes the streams that have said what they want. */
export interface ReceptionDesk {
  /** Who the client is. Throws, or rejects, with what to tell a client that may not come in. */
  identify(
    carrier: IncomingCarrier,
    hello: Hello | undefined,
  ): Principal | undefined | PromiseLike<Principal | undefined>;
  /**
   * A stream that starts a session, in whatever way; `hello` is absent for a
   * plain client. True if the first frame is still to be handed to the session.
   */
  opens(arrival: Arrival, hello: Hello | undefined): boolean;
  /** A stream that wants to go on with a session. */
  resumes(arrival: Arrival, hello: Hello): void;
  /** A stream is taken over, or has left. */
  done(error?: DuplexError): void;
  /** A stream is turned away. */
  refused(carrier: IncomingCarrier, error: DuplexError): void;
}

/**
 * Receives a stream until its first frame tells what it wants, and until it is
 * known whose it is: only then is a session looked up, or made. A silent
 * stream is dropped after the time-out and has cost no more than this object.
 */
export class Reception implements CarrierListener {
  #state: 'silent' | 'identifying' | 'over' = 'silent';
  #next: CarrierListener | undefined;
  #ended = false;
  readonly #carrier: IncomingCarrier;
  /** While it waits. */
  #alarm: Alarm | undefined;
  readonly #desk: ReceptionDesk;

  /** `alarms` are shared with other receptions. */
  constructor(carrier: IncomingCarrier, desk: ReceptionDesk, clock: Clock, alarms: SharedAlarms, timeoutMs: number) {
    this.#carrier = carrier;
    this.#desk = desk;
    this.#alarm = new Alarm(alarms, { ring: () => this.#turnAway(tooLate(this.#state, timeoutMs)) });
    this.#alarm.setAt(clock.now() + timeoutMs);
    carrier.listen(this);
  }

  frame(frame: Uint8Array): void {
    // What comes late on a stream that was turned away must not open a session.
    if (this.#state === 'silent') this.#receive(frame);
  }

  ended(): void {
    this.#ended = true;
    if (this.#state !== 'silent') return;
    const message = 'the stream ended without a message: an empty envelope opens a session that only listens';
    this.#turnAway(new DuplexError('protocol', message, { code: Code.FAILED_PRECONDITION }));
  }

  lost(error: DuplexError): void {
    this.#finish(error);
  }

  #receive(frame: Uint8Array): void {
    try {
      const hello = helloIn(frame);
      const principal = this.#desk.identify(this.#carrier, hello);
      if (!isPromiseLike(principal)) return this.#hand(frame, hello, principal);
      this.#state = 'identifying';
      this.#carrier.pause();
      principal.then(
        (known) => this.#goOn(frame, hello, known),
        (error: unknown) => this.#turnAway(DuplexError.from(error, 'refused')),
      );
    } catch (error) {
      this.#turnAway(DuplexError.from(error, 'protocol'));
    }
  }

  #goOn(frame: Uint8Array, hello: Hello | undefined, principal: Principal | undefined): void {
    // The client may have left while it was being identified.
    if (this.#state === 'over') return;
    this.#carrier.resume();
    this.#hand(frame, hello, principal);
    if (this.#ended) this.#next?.ended();
  }

  #hand(frame: Uint8Array, hello: Hello | undefined, principal: Principal | undefined): void {
    const carrier = this.#carrier;
    this.#finish();
    const open: Dial = (listener) => {
      this.#next = listener;
      // A session that rests need not keep its reception.
      carrier.handTo(listener);
      return carrier;
    };
    const arrival = { carrier, principal, open };
    if (hello !== undefined && hello.sessionId.length > 0) this.#desk.resumes(arrival, hello);
    // A Hello that resumes was all that its frame held; any other first frame is the session's affair.
    else if (this.#desk.opens(arrival, hello)) this.#next?.frame(frame);
  }

  #turnAway(error: DuplexError): void {
    if (this.#state === 'over') return;
    this.#finish(error);
    this.#desk.refused(this.#carrier, error);
    this.#carrier.depart({ how: 'end', error });
  }

  #finish(error?: DuplexError): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#alarm?.cancel();
    this.#alarm = undefined;
    this.#desk.done(error);
  }
}

function tooLate(state: 'silent' | 'identifying' | 'over', timeoutMs: number): DuplexError {
  if (state === 'identifying') return new DuplexError('unavailable', `authentication took more than ${timeoutMs} ms`);
  const message = `no message within ${timeoutMs} ms: an empty envelope opens a session that only listens`;
  return new DuplexError('timeout', message);
}

/** The Hello that a first frame holds, if it holds one. Throws for what is no frame at all. */
function helloIn(frame: Uint8Array): Hello | undefined {
  try {
    decoder.read(frame);
    if (decoder.item.number !== Field.control) return undefined;
    const { kind } = decoder.item.decode(Control);
    return kind?.$case === 'hello' ? kind.value : undefined;
  } finally {
    decoder.close();
  }
}

const decoder = new FrameDecoder();
