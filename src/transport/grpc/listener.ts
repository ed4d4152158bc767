import { Server, ServerCredentials, type ServerDuplexStream, type ServerOptions } from '@grpc/grpc-js';
import { Code, DuplexError } from '../../errors.js';
import type { IncomingCarrier } from '../carrier.js';
import { checkAddress } from './address.js';
import { connectMethod } from './connect-method.js';
import { GrpcServiceCarrier } from './service-carrier.js';

/** Where a host listens. */
export interface BoundAddress {
  /** The address as it can be dialled, with the port that was chosen. */
  readonly address: string;
  /** 0 for a unix socket. */
  readonly port: number;
}

/** How to listen; all of it goes to grpc-js. */
export interface ListenOptions {
  /** Default: plaintext. */
  readonly credentials?: ServerCredentials;
}

export type { Server as GrpcServer, ServerOptions as GrpcServerOptions } from '@grpc/grpc-js';

const sessionServerOptions: ServerOptions = {
  // Off by default in grpc-js; without it a vanished client is never noticed: https://github.com/grpc/grpc-node/issues/2578
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.max_receive_message_length': 8 * 1024 * 1024,
};

/** Accepts streams of wire services over a grpc-js server, its own or somebody else's. */
export class GrpcListener {
  readonly #server: Server;
  readonly #own: boolean;

  /** With `server` it takes part in a server that somebody else binds and shuts down. */
  constructor(options: ServerOptions = {}, server?: Server) {
    this.#own = server === undefined;
    this.#server = server ?? new Server({ ...sessionServerOptions, ...options });
  }

  /** Hands every stream of the wire service to `accept`. */
  serve(wireName: string, accept: (carrier: IncomingCarrier) => void): void {
    const { path, responseSerialize, requestDeserialize } = connectMethod(wireName);
    const handler = (call: ServerDuplexStream<Buffer, Buffer>): void => accept(new GrpcServiceCarrier(call));
    if (this.#server.register(path, handler, responseSerialize, requestDeserialize, 'bidi')) return;
    throw new DuplexError('fault', `the server serves ${wireName} already`, { code: Code.ALREADY_EXISTS });
  }

  /** Listens on an address; port 0 chooses a free one. Rejects with an error that names address and cause. */
  async bind(
    address: string,
    { credentials = ServerCredentials.createInsecure() }: ListenOptions,
  ): Promise<BoundAddress> {
    checkAddress(address);
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(address, credentials, (error, bound) => {
        if (error === null) return resolve(bound);
        reject(new DuplexError('unavailable', `cannot listen on ${address}: ${causeOf(error)}`, { cause: error }));
      });
    });
    if (address.startsWith('unix')) return { address, port: 0 };
    return { address: address.replace(/:\d+$/, `:${port}`), port };
  }

  /** Frees the ports and ends what is still connected. */
  async shutdown(): Promise<void> {
    if (!this.#own) return;
    await new Promise<void>((resolve) => {
      this.#server.tryShutdown(() => resolve());
      // tryShutdown alone never completes while a stream is open: https://github.com/grpc/grpc-node/issues/1664
      this.#server.forceShutdown();
      resolve();
    });
  }
}

function causeOf(error: Error): string {
  if (error.message.includes('EADDRINUSE')) return `the port is in use (${error.message})`;
  return error.message;
}
