import type { PeerCertificate } from 'node:tls';
import { Metadata, type ServerDuplexStream } from '@grpc/grpc-js';
import { Code, DuplexError } from '../../errors.js';
import type { Departure } from '../../session/session-options.js';
import type { CarrierListener, IncomingCarrier } from '../carrier.js';
import { asBuffer } from './connect-method.js';
import { textHeaders } from './text-headers.js';

/** The service's end of a stream over grpc-js. */
export class GrpcServiceCarrier implements IncomingCarrier {
  readonly #call: ServerDuplexStream<Buffer, Buffer>;
  #listener: CarrierListener | undefined;
  #over = false;
  #hasWritten = false;

  constructor(call: ServerDuplexStream<Buffer, Buffer>) {
    this.#call = call;
  }

  /** The peer's address as grpc-js knows it. */
  get peer(): string {
    return this.#call.getPeer();
  }

  /** The metadata that is text; of entries with one name the first. */
  get headers(): ReadonlyMap<string, string> {
    return textHeaders(this.#call.metadata);
  }

  /** grpc-js shows a certificate only if an authority that the server knows has signed it. */
  get certificate(): PeerCertificate | undefined {
    return this.#call.getAuthContext().sslPeerCertificate;
  }

  /** Starts to read. Events of the call go to the listener from now on. */
  listen(listener: CarrierListener): void {
    const call = this.#call;
    this.#listener = listener;
    setImmediate(() => this.#sendHeaders());
    call.on('data', (frame: Buffer) => this.#listener?.frame(frame));
    // Also comes first when the connection is lost, so it is no proof of a half-close:
    // https://github.com/grpc/grpc-node/issues/2583
    call.on('end', () => {
      if (!this.#over) this.#listener?.ended();
    });
    // Also comes after an orderly end: https://github.com/grpc/grpc-node/issues/2771
    call.on('cancelled', () => this.#lose('the client cancelled the stream or its connection broke'));
    call.on('error', (error) => this.#lose(error.message));
  }

  handTo(listener: CarrierListener): void {
    this.#listener = listener;
  }

  /**
   * Otherwise headers go with the first message, and some gRPC libraries open a
   * stream only when they have them. A Welcome that goes in the same turn takes
   * them along: one write less, a tenth of the time to a first callback.
   */
  #sendHeaders(): void {
    if (!this.#over && !this.#hasWritten) this.#call.sendMetadata(new Metadata());
  }

  #lose(message: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#listener?.lost(new DuplexError('lost', message, { origin: 'remote' }));
  }

  write(frame: Uint8Array, written: () => void): void {
    if (this.#over) return;
    this.#hasWritten = true;
    this.#call.write(asBuffer(frame), (error?: Error | null) => {
      // After a cancel the callback brings ERR_STREAM_DESTROYED; `cancelled` says the same.
      if (!error) written();
    });
  }

  depart(departure: Departure): void {
    if (this.#over) return;
    this.#over = true;
    if (departure.how === 'end' && departure.error === undefined) {
      this.#call.end();
    } else {
      const error = departure.how === 'end' ? departure.error : undefined;
      this.#call.emit('error', {
        name: 'Error',
        code: error?.code ?? Code.CANCELLED,
        message: '',
        details: error?.message ?? 'the session is over',
      });
    }
  }

  pause(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }
}
