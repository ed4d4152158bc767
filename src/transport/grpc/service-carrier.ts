import { setImmediate } from 'node:timers';
import type { PeerCertificate } from 'node:tls';
import { Metadata, ServerInterceptingCall } from '@grpc/grpc-js';
import { Code, DuplexError, textOf } from '../../errors.js';
import type { Departure } from '../../session/session-options.js';
import type { CarrierListener, IncomingCarrier } from '../carrier.js';
import { FrameReader } from './frame-reader.js';
import { asBuffer } from './frames.js';
import type { ServiceCall } from './service-call.js';
import { wellFormed } from './status.js';
import { textHeaders } from './text-headers.js';

/** What a client is told of a stream that is given up. */
const givenUp = Object.freeze({ code: Code.CANCELLED, message: 'the session is over' });
const ok = Object.freeze({ code: Code.OK, message: 'OK' });

/** The service's end of a stream over grpc-js. */
export class GrpcServiceCarrier implements IncomingCarrier {
  readonly #call: ServiceCall;
  #metadata: Metadata | undefined;
  #listener: CarrierListener | undefined;
  #reader: FrameReader | undefined;
  #over = false;
  #hasWritten = false;
  /** Of a call that goes through interceptors: what to do when the frame is written that one of them may hold back. */
  #whenWritten: (() => void) | undefined;

  private constructor(call: ServiceCall) {
    this.#call = call;
  }

  /** Starts a call, and hands it to `accept` when its metadata are there. */
  static start(call: ServiceCall, accept: (carrier: IncomingCarrier) => void): void {
    const carrier = new GrpcServiceCarrier(call);
    // A literal: there are interceptors that take a listener to pieces.
    call.start({
      onReceiveMetadata: (metadata) => carrier.#begin(metadata, accept),
      onReceiveMessage: (frame: Buffer) => carrier.#reader?.take(frame),
      onReceiveHalfClose: () => carrier.#ended(),
      onCancel: () => carrier.#cancelled(),
    });
  }

  /** The peer's address as grpc-js knows it. */
  get peer(): string {
    return this.#call.getPeer();
  }

  /** The metadata that is text; of entries with one name the first. */
  get headers(): ReadonlyMap<string, string> {
    return this.#metadata === undefined ? new Map() : textHeaders(this.#metadata);
  }

  /** grpc-js shows a certificate only if an authority that the server knows has signed it. */
  get certificate(): PeerCertificate | undefined {
    return this.#call.getAuthContext().sslPeerCertificate;
  }

  /** Starts to read. What happens on the call goes to the listener from now on. */
  listen(listener: CarrierListener): void {
    this.#listener = listener;
    this.#reader = new FrameReader(this.#call, listener);
    this.#reader.ask();
    setImmediate(() => this.#sendHeaders());
  }

  handTo(listener: CarrierListener): void {
    this.#listener = listener;
    this.#reader?.handTo(listener);
  }

  /**
   * Otherwise headers go with the first message, and some gRPC libraries open a
   * stream only when they have them. A Welcome that goes in the same turn takes
   * them along: one write less, a tenth of the time to a first callback.
   */
  #sendHeaders(): void {
    if (!this.#over && !this.#hasWritten) this.#call.sendMetadata(new Metadata());
  }

  write(frame: Uint8Array, written: () => void): void {
    if (this.#over) return;
    this.#hasWritten = true;
    if (!(this.#call instanceof ServerInterceptingCall)) return this.#call.sendMessage(asBuffer(frame), written);
    this.#whenWritten = written;
    this.#call.sendMessage(asBuffer(frame), () => {
      const next = this.#whenWritten;
      this.#whenWritten = undefined;
      next?.();
    });
  }

  depart(departure: Departure): void {
    if (this.#over) return;
    this.#over = true;
    const { code, message } = (departure.how === 'end' ? departure.error : givenUp) ?? ok;
    const end = (): void => this.#sendStatus(code, message);
    // While an interceptor holds a frame grpc-js loses a status that comes after it.
    if (this.#whenWritten === undefined) end();
    else this.#whenWritten = end;
  }

  #sendStatus(code: Code, message: string): void {
    try {
      this.#call.sendStatus({ code, details: wellFormed(message), metadata: new Metadata() });
    } catch (error) {
      const warning = `the status ${code} of a stream was not sent, for an interceptor of its server threw: ${textOf(error)}`;
      process.emitWarning(warning, { type: 'DuplexWarning', code: 'DUPLEX_STATUS_NOT_SENT' });
    }
  }

  pause(): void {
    this.#reader?.pause();
  }

  resume(): void {
    this.#reader?.resume();
  }

  // ------------------------------------------------------- from grpc-js

  #begin(metadata: Metadata, accept: (carrier: IncomingCarrier) => void): void {
    this.#metadata = metadata;
    // Nobody else catches what is thrown where a call begins.
    try {
      accept(this);
    } catch (error) {
      this.depart({ how: 'end', error: DuplexError.from(error) });
    }
  }

  /**
   * Also comes first when the connection is lost, so it is no proof of a
   * half-close: https://github.com/grpc/grpc-node/issues/2583
   */
  #ended(): void {
    if (!this.#over) this.#listener?.ended();
  }

  /** Also comes after an orderly end: https://github.com/grpc/grpc-node/issues/2771 */
  #cancelled(): void {
    if (this.#over) return;
    this.#over = true;
    const message = 'the client cancelled the stream or its connection broke';
    this.#listener?.lost(new DuplexError('lost', message, { origin: 'remote' }));
  }
}
