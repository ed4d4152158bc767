import { setImmediate } from 'node:timers';
import { Server, ServerCredentials, type ServerDuplexStream, type ServerOptions } from '@grpc/grpc-js';
import { Code, DuplexError } from '../../errors.js';
import type { IncomingCarrier } from '../carrier.js';
import { checkAddress } from './address.js';
import { connectPath, identity } from './frames.js';
import { type PlainMethod, servePlainMethod } from './plain-methods.js';
import { widenReceiveWindow } from './receive-window.js';
import { frameDeserializer, mayTakeCalls, type ServiceCall, StreamCall, sessionInterceptor } from './service-call.js';
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

const sessionServerOptions: ServerOptions = Object.freeze({
  // Off by default in grpc-js; without it a vanished client is never noticed: https://github.com/grpc/grpc-node/issues/2578
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.max_receive_message_length': 8 * 1024 * 1024,
});

/** Statistics that are asked for by few: without them a session takes 1.2 KB less, of 14. `shutdown` works either way. */
const ownServerOptions: ServerOptions = Object.freeze({ 'grpc.enable_channelz': 0 });

/** So long streams that have had their last words may take to end, before a stop cuts them. */
const LINGER_MS = 1_000;

/**
 * The options with which a grpc-js server serves sessions well, for a server
 * that a host is going to be attached to: `new Server(serverOptions())`. They
 * are fixed when a server is made, so `attach` cannot set them.
 */
export function serverOptions(options: ServerOptions = {}): ServerOptions {
  // The others stand before it, and see what goes over the streams.
  const others = options.interceptors?.filter((interceptor) => interceptor !== sessionInterceptor) ?? [];
  const interceptors = [...others, sessionInterceptor];
  return { ...sessionServerOptions, ...options, interceptors };
}

/** Accepts streams of wire services over a grpc-js server, its own or somebody else's. */
export class GrpcListener {
  readonly #server: Server;
  readonly #own: boolean;
  readonly #bound: string[] = [];

  /** With `server` it takes part in a server that somebody else binds and shuts down. */
  constructor(options: ServerOptions = {}, server?: Server) {
    this.#own = server === undefined;
    this.#server = server ?? new Server({ ...ownServerOptions, ...serverOptions(options) });
    if (server !== undefined) warnOfOptions(server);
  }

  /** Hands every stream of the wire service to `accept`. */
  serve(wireName: string, accept: (carrier: IncomingCarrier) => void): void {
    // The window can wait for the next turn: an answer that goes in this one goes first.
    const take = (call: ServiceCall): void => {
      setImmediate(widenReceiveWindow, call);
      GrpcServiceCarrier.start(call, accept);
    };
    const handler = (stream: ServerDuplexStream<Buffer, Buffer>): void => {
      setImmediate(widenReceiveWindow, stream);
      GrpcServiceCarrier.start(new StreamCall(stream), accept);
    };
    const path = connectPath(wireName);
    const deserialize = frameDeserializer(() => (mayTakeCalls(this.#server) ? take : undefined));
    if (!this.#server.register(path, handler, identity, deserialize, 'bidi')) throw taken(wireName);
  }

  /** Serves methods that have no session. */
  servePlain(methods: readonly PlainMethod[]): void {
    for (const method of methods) {
      // Where a method is only refused, whoever serves it already may go on.
      if (!servePlainMethod(this.#server, method) && method.kind !== 'refused') throw taken(method.path);
    }
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
    const isSocket = address.startsWith('unix');
    const boundTo = isSocket ? address : address.replace(/:\d+$/, `:${port}`);
    this.#bound.push(boundTo);
    return { address: boundTo, port: isSocket ? 0 : port };
  }

  /** Frees the ports at once, and ends what is still connected after a moment for its last words. */
  async shutdown(): Promise<void> {
    if (!this.#own) return;
    await new Promise<void>((resolve) => {
      // tryShutdown alone never completes while a stream is open: https://github.com/grpc/grpc-node/issues/1664
      const timer = setTimeout(() => {
        // forceShutdown closes no connection of a server without channelz; drain does.
        for (const address of this.#bound) this.#server.drain(address, 0);
        this.#server.forceShutdown();
        resolve();
      }, LINGER_MS);
      this.#server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

function taken(name: string): DuplexError {
  return new DuplexError('fault', `the server serves ${name} already`, { code: Code.ALREADY_EXISTS });
}

/** The options of a server are private to grpc-js; if they can be seen and lack what sessions need, say so. */
function warnOfOptions(server: Server): void {
  const options: unknown = Reflect.get(server, 'options');
  if (typeof options !== 'object' || options === null) return;
  const missing = Object.keys(sessionServerOptions).filter((name) => !(name in options));
  if (missing.length === 0) return;
  process.emitWarning(
    `the grpc-js server that a duplex host was attached to is made without ${missing.join(', ')}: make it with new Server(serverOptions())`,
    { type: 'DuplexWarning', code: 'DUPLEX_SERVER_OPTIONS' },
  );
}

function causeOf(error: Error): string {
  if (error.message.includes('EADDRINUSE')) return `the port is in use (${error.message})`;
  return error.message;
}
