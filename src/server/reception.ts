import { Code, DuplexError } from '../errors.js';
import { Control, type Hello } from '../gen/duplex/v1/session.js';
import { Alarm } from '../transport/alarm.js';
import type { CarrierListener, IncomingCarrier } from '../transport/carrier.js';
import type { Clock } from '../transport/clock.js';
import type { Dial } from '../transport/driver.js';
import { Field } from '../wire/fields.js';
import { FrameDecoder } from '../wire/frame-decoder.js';

/** Takes the streams that have said what they want. Each is taken over by calling `open` once, at once. */
export interface ReceptionDesk {
  /**
   * A stream that starts a session, in whatever way; `hello` is absent for a
   * plain client. True if the first frame is still to be handed to the session.
   */
  opens(carrier: IncomingCarrier, open: Dial, hello: Hello | undefined): boolean;
  /** A stream that wants to go on with a session. */
  resumes(carrier: IncomingCarrier, open: Dial, hello: Hello): void;
}

/**
 * Receives a stream until its first frame tells what it wants: only then is a
 * session looked up, or made. A silent stream is dropped after the time-out
 * and has cost no more than this object.
 */
export class Reception implements CarrierListener {
  #next: CarrierListener | undefined;
  #turnedAway = false;
  readonly #carrier: IncomingCarrier;
  readonly #alarm: Alarm;
  readonly #desk: ReceptionDesk;

  constructor(carrier: IncomingCarrier, desk: ReceptionDesk, clock: Clock, timeoutMs: number) {
    this.#carrier = carrier;
    this.#desk = desk;
    this.#alarm = new Alarm(clock, () => {
      const message = `no message within ${timeoutMs} ms: an empty envelope opens a session that only listens`;
      this.#turnAway(new DuplexError('timeout', message));
    });
    this.#alarm.setAt(clock.now() + timeoutMs);
    carrier.listen(this);
  }

  frame(frame: Uint8Array): void {
    // What comes late on a stream that was turned away must not open a session.
    if (this.#turnedAway) return;
    if (this.#next === undefined) this.#receive(frame);
    // A Hello that resumes was all that its frame held; any other first frame is the session's affair.
    else this.#next.frame(frame);
  }

  ended(): void {
    if (this.#turnedAway) return;
    if (this.#next !== undefined) return this.#next.ended();
    const message = 'the stream ended without a message: an empty envelope opens a session that only listens';
    this.#turnAway(new DuplexError('protocol', message, { code: Code.FAILED_PRECONDITION }));
  }

  lost(error: DuplexError): void {
    this.#alarm.cancel();
    this.#next?.lost(error);
  }

  #receive(frame: Uint8Array): void {
    let hello: Hello | undefined;
    try {
      hello = helloIn(frame);
    } catch (error) {
      return this.#turnAway(DuplexError.from(error, 'protocol'));
    }
    this.#alarm.cancel();
    const open: Dial = (listener) => {
      this.#next = listener;
      return this.#carrier;
    };
    if (hello !== undefined && hello.sessionId.length > 0) this.#desk.resumes(this.#carrier, open, hello);
    else if (this.#desk.opens(this.#carrier, open, hello)) this.#next?.frame(frame);
  }

  #turnAway(error: DuplexError): void {
    this.#turnedAway = true;
    this.#alarm.cancel();
    this.#carrier.depart({ how: 'end', error });
  }
}

/** The Hello that a first frame holds, if it holds one. Throws for what is no frame at all. */
function helloIn(frame: Uint8Array): Hello | undefined {
  const decoder = new FrameDecoder();
  decoder.read(frame);
  if (decoder.item.number !== Field.control) return undefined;
  const { kind } = decoder.item.decode(Control);
  return kind?.$case === 'hello' ? kind.value : undefined;
}
