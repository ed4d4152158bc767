import type { PeerCertificate } from 'node:tls';
import type { DuplexError } from '../errors.js';
import type { Departure } from '../session/session-options.js';

/**
 * One bidirectional stream of frames, as a driver uses it. Implementations
 * MUST keep frames whole and in order, MUST call `written` once for each write
 * unless the carrier is lost first, MUST NOT read a frame any more once the
 * peer has it, for its memory is used again, and MUST NOT call the listener
 * before the call that made the carrier has returned, nor within `depart`.
 */
export interface Carrier {
  /** Writes a frame. `written` is called when the carrier takes the next one: that is the backpressure. */
  write(frame: Uint8Array, written: () => void): void;
  /** Leaves the stream in the given way; nothing is written after it. */
  depart(departure: Departure): void;
  /** Stops and resumes reading. A frame that is on its way may still come; nothing comes before `resume` returns. */
  pause(): void;
  resume(): void;
  /** Whether it has, and had, no connection, so that nothing can have arrived. Default: nobody knows. */
  readonly hasReachedNobody?: boolean;
}

/** A stream that a client opened and that nobody reads yet. */
export interface IncomingCarrier extends Carrier {
  /** The client's address as the connection shows it. */
  readonly peer: string;
  /** What the client said of itself when it opened the stream: text by lower-case names. */
  readonly headers?: ReadonlyMap<string, string>;
  /** The client's certificate, if it was asked for one and has one that can be trusted. */
  readonly certificate?: PeerCertificate | undefined;
  /** Starts to read; to be called once, before whoever got the carrier returns. */
  listen(listener: CarrierListener): void;
  /** What comes from now on is told to another listener. */
  handTo(listener: CarrierListener): void;
}

/** What a carrier tells its driver. After `ended` or `lost` nothing more comes. */
export interface CarrierListener {
  frame(frame: Uint8Array): void;
  /** The peer half-closed, or ended the stream in order. */
  ended(): void;
  /** The stream broke, or ended with an error. */
  lost(error: DuplexError): void;
}
