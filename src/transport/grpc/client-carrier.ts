import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  credentials,
  InterceptingCall,
  type Interceptor,
  Metadata,
} from '@grpc/grpc-js';
import { Code, DuplexError, textOf } from '../../errors.js';
import type { Departure } from '../../session/session-options.js';
import type { Carrier, CarrierListener } from '../carrier.js';
import { grpcTarget } from './address.js';
import { asBuffer, connectMethod } from './connect-method.js';
import { RECEIVE_WINDOW_BYTES } from './receive-window.js';
import { errorFromStatus } from './status.js';
import { type MetadataSource, type ResolvedMetadata, resolveMetadata } from './stream-metadata.js';

/** How a client reaches the service; all of it goes to grpc-js. */
export interface GrpcDialOptions {
  /** Default: plaintext. */
  readonly credentials?: ChannelCredentials | undefined;
  /** grpc-js channel options beside and over those that a session needs. */
  readonly channelOptions?: ChannelOptions | undefined;
  /**
   * The name of the service, as its certificate and `:authority` have it, where
   * the address leads elsewhere: to a proxy, a tunnel, a socket.
   */
  readonly authority?: string | undefined;
  /**
   * Sent whenever a stream is opened: a token, say. A function is asked each
   * time, so what it returns is fresh when a session reconnects; while it
   * fails, the service counts as unavailable. Values are printable ASCII.
   */
  readonly metadata?: MetadataSource | undefined;
}

/** What the client needs of a connection: streams of frames, and an end. */
export interface Dialer {
  /** Where the service is, as the user has said it. */
  readonly address: string;
  /** Opens one stream. What goes wrong is told to the listener. */
  dial(wireName: string, listener: CarrierListener): Carrier;
  close(): void;
}

const sessionChannelOptions: ChannelOptions = {
  // The retry buffer acknowledges writes early and hides backpressure, even with retries off.
  // https://github.com/grpc/grpc-node/blob/master/packages/grpc-js/src/retrying-call.ts
  'grpc.per_rpc_retry_buffer_size': 0,
  'grpc.enable_retries': 0,
  // Off by default in grpc-js; without it a vanished host is never noticed. https://github.com/grpc/grpc-node/issues/2578
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc-node.flow_control_window': RECEIVE_WINDOW_BYTES,
  'grpc.max_receive_message_length': 8 * 1024 * 1024,
  // Statistics that are asked for by few, and cost 3 KB and 4 % of opening for each session.
  'grpc.enable_channelz': 0,
  // One lost connection must not take the sessions of other channels along.
  'grpc.use_local_subchannel_pool': 1,
};

/** Makes grpc-js clients for an address. Throws INVALID_ARGUMENT for one that cannot be an address, and for what grpc-js refuses. */
export function grpcClientMaker(address: string, options: GrpcDialOptions): () => Client {
  const target = grpcTarget(address);
  const { authority } = options;
  const channelCredentials = options.credentials ?? credentials.createInsecure();
  const channelOptions = {
    ...sessionChannelOptions,
    ...(authority !== undefined && {
      'grpc.default_authority': authority,
      // What the certificate has to say. A name has no port.
      'grpc.ssl_target_name_override': authority.replace(/:\d+$/, ''),
    }),
    ...options.channelOptions,
  };
  // grpc-js takes some options out of the object that it is given.
  const makeClient = (): Client => new Client(target, channelCredentials, { ...channelOptions });
  // What a user gives to grpc-js is to fail here, not when a session dials.
  if (options.credentials !== undefined || options.channelOptions !== undefined) tryOut(makeClient);
  return makeClient;
}

function tryOut(makeClient: () => Client): void {
  try {
    makeClient().close();
  } catch (error) {
    const message = `grpc-js refuses credentials or channelOptions: ${textOf(error)}`;
    throw new DuplexError('fault', message, { code: Code.INVALID_ARGUMENT, cause: error });
  }
}

/** A dialer over grpc-js. Throws INVALID_ARGUMENT for an address that cannot be one, and for what grpc-js refuses. */
export function grpcDialer(address: string, options: GrpcDialOptions = {}): Dialer {
  const makeClient = grpcClientMaker(address, options);
  const metadata = resolveMetadata(options.metadata);
  let client: Client | undefined;
  return {
    address,
    dial(wireName, listener) {
      // A channel of its own for each attempt: grpc-js fails calls of a channel that could not connect for up to two
      // minutes without trying, while the session has a back-off of its own; and a dead connection is not reused.
      client?.close();
      client = makeClient();
      return new GrpcClientCarrier(client, wireName, address, metadata, listener);
    },
    close: () => client?.close(),
  };
}

/** The client's end of a stream over grpc-js. */
export class GrpcClientCarrier implements Carrier {
  readonly #call;
  #over = false;

  constructor(client: Client, wireName: string, address: string, source: ResolvedMetadata, listener: CarrierListener) {
    const { path, requestSerialize, responseDeserialize } = connectMethod(wireName);
    const isAsked = typeof source === 'function';
    const metadata = isAsked ? new Metadata() : source;
    const options = isAsked ? { interceptors: [withMetadata(source)] } : {};
    // No deadline: it would end the session, and beyond 2^31 ms it wraps.
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata, options);
    this.#call = call;
    // Attached at once: without a reader grpc-js buffers without bound.
    call.on('data', (frame: Buffer) => listener.frame(frame));
    // The status tells the same and more; without a listener an error would end the process.
    call.on('error', () => {});
    call.on('status', (status) => {
      this.#over = true;
      if (status.code === Code.OK) return listener.ended();
      if (status.code === Code.UNIMPLEMENTED) {
        const message = `${address} does not serve ${wireName}: ${status.details}`;
        return listener.lost(new DuplexError('refused', message, { code: Code.UNIMPLEMENTED, origin: 'remote' }));
      }
      listener.lost(errorFromStatus(status, address));
    });
  }

  write(frame: Uint8Array, written: () => void): void {
    // After its end grpc-js takes writes, reports success and leaks them.
    if (!this.#over) this.#call.write(asBuffer(frame), written);
  }

  depart({ how }: Departure): void {
    if (this.#over) return;
    if (how === 'half-close') this.#call.end();
    else this.#call.cancel(); // destroy() would not cancel: https://github.com/grpc/grpc-node/issues/1238
  }

  pause(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }
}

/** Asks for the metadata before a stream starts; grpc-js holds the first message back for so long. */
function withMetadata(source: () => Promise<Metadata>): Interceptor {
  return (options, nextCall) => {
    let cancelled = false;
    return new InterceptingCall(nextCall(options), {
      start(metadata, listener, next) {
        const fail = (error: unknown): void => {
          const details = `no metadata for the stream: ${textOf(error)}`;
          listener.onReceiveStatus({ code: Code.UNAVAILABLE, details, metadata: new Metadata() });
        };
        const start = (more: Metadata): void => {
          metadata.merge(more);
          next(metadata, listener);
        };
        source().then(
          // A call that was given up meanwhile must not start after all.
          (more) => (cancelled ? undefined : start(more)),
          (error: unknown) => (cancelled ? undefined : fail(error)),
        );
      },
      cancel(next) {
        cancelled = true;
        next();
      },
    });
  };
}
