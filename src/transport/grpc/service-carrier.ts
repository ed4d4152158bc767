import type { PeerCertificate } from 'node:tls';
import { Metadata } from '@grpc/grpc-js';
import { Code, DuplexError } from '../../errors.js';
import type { Departure } from '../../session/session-options.js';
import type { CarrierListener, IncomingCarrier } from '../carrier.js';
import { FrameReader } from './frame-reader.js';
import { asBuffer } from './frames.js';
import type { ServiceCall, ServiceCallListener } from './service-call.js';
import { textHeaders } from './text-headers.js';

/** The service's end of a stream over grpc-js. */
export class GrpcServiceCarrier implements IncomingCarrier, ServiceCallListener {
  readonly #call: ServiceCall;
  readonly #accept: (carrier: IncomingCarrier) => void;
  #metadata: Metadata | undefined;
  #listener: CarrierListener | undefined;
  #reader: FrameReader | undefined;
  #over = false;
  #hasWritten = false;

  private constructor(call: ServiceCall, accept: (carrier: IncomingCarrier) => void) {
    this.#call = call;
    this.#accept = accept;
  }

  /** Starts the call, and hands it to `accept` when its metadata are there. */
  static start(call: ServiceCall, accept: (carrier: IncomingCarrier) => void): void {
    call.start(new GrpcServiceCarrier(call, accept));
  }

  /** The peer's address as grpc-js knows it. */
  get peer(): string {
    return this.#call.getPeer();
  }

  /** The metadata that is text; of entries with one name the first. */
  get headers(): ReadonlyMap<string, string> {
    return textHeaders(this.#metadata ?? new Metadata());
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
    this.#call.sendMessage(asBuffer(frame), written);
  }

  depart(departure: Departure): void {
    if (this.#over) return;
    this.#over = true;
    const error = departure.how === 'end' ? departure.error : endedEarly;
    this.#call.sendStatus(
      error === undefined ? { code: Code.OK, details: 'OK' } : { code: error.code, details: error.message },
    );
  }

  pause(): void {
    this.#reader?.pause();
  }

  resume(): void {
    this.#reader?.resume();
  }

  // ------------------------------------------------------- from grpc-js

  onReceiveMetadata(metadata: Metadata): void {
    this.#metadata = metadata;
    this.#accept(this);
  }

  onReceiveMessage(frame: Buffer): void {
    this.#reader?.take(frame);
  }

  /**
   * Also comes first when the connection is lost, so it is no proof of a
   * half-close: https://github.com/grpc/grpc-node/issues/2583
   */
  onReceiveHalfClose(): void {
    if (!this.#over) this.#listener?.ended();
  }

  /** Also comes after an orderly end: https://github.com/grpc/grpc-node/issues/2771 */
  onCancel(): void {
    if (this.#over) return;
    this.#over = true;
    const message = 'the client cancelled the stream or its connection broke';
    this.#listener?.lost(new DuplexError('lost', message, { origin: 'remote' }));
  }
}

/** What a client is told of a stream that is given up. */
const endedEarly = { code: Code.CANCELLED, message: 'the session is over' };
