import { setImmediate } from 'node:timers';
import {
  Channel,
  type ChannelCredentials,
  type ChannelOptions,
  credentials,
  type InterceptingListener,
  type Metadata,
} from '@grpc/grpc-js';
import { Code, DuplexError, textOf } from '../../errors.js';
import type { Departure } from '../../session/session-options.js';
import type { Carrier, CarrierListener } from '../carrier.js';
import { grpcTarget } from './address.js';
import { FrameReader } from './frame-reader.js';
import { asBuffer, connectPath } from './frames.js';
import { RECEIVE_WINDOW_BYTES } from './receive-window.js';
import { errorFromStatus } from './status.js';
import { type MetadataSource, type ResolvedMetadata, resolveMetadata } from './stream-metadata.js';

/** How a client reaches the service; all of it goes to grpc-js. */
export interface GrpcDialOptions {
  /** Default: plaintext. */
  readonly credentials?: ChannelCredentials | undefined;
  /** grpc-js channel options beside and over those that a session needs; its retry buffer stays off. */
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
  /** Gives the connection up. Resolves when the stream that has just ended is out of the way. */
  close(): Promise<void>;
}

// The retry buffer acknowledges writes early and hides backpressure, even with retries off.
// https://github.com/grpc/grpc-node/blob/master/packages/grpc-js/src/retrying-call.ts
const noRetryBuffer: ChannelOptions = { 'grpc.per_rpc_retry_buffer_size': 0 };

const sessionChannelOptions: ChannelOptions = {
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

/** Options of grpc-js's `Client`, which is not used here: a session makes its call on the channel. */
const optionsOfClients = ['interceptors', 'interceptor_providers', 'callInvocationTransformer', 'channelOverride'];

/** Makes channels to an address. Throws INVALID_ARGUMENT for one that cannot be an address, and for what grpc-js refuses. */
export function channelMaker(address: string, options: GrpcDialOptions): () => Channel {
  const target = grpcTarget(address);
  const { authority, channelOptions: given = {} } = options;
  checkGiven(given);
  const channelCredentials = options.credentials ?? credentials.createInsecure();
  const channelOptions = {
    ...sessionChannelOptions,
    ...(authority !== undefined && {
      'grpc.default_authority': authority,
      // What the certificate has to say. A name has no port.
      'grpc.ssl_target_name_override': authority.replace(/:\d+$/, ''),
    }),
    ...given,
    // Whatever is given: with a buffer nobody knows, either, whether a call was sent; see `hasReachedNobody`.
    ...noRetryBuffer,
  };
  // grpc-js takes some options out of the object that it is given.
  const makeChannel = (): Channel => new Channel(target, channelCredentials, { ...channelOptions });
  // What a user gives to grpc-js is to fail here, not when a session dials.
  if (options.credentials !== undefined || options.channelOptions !== undefined) tryOut(makeChannel);
  return makeChannel;
}

function checkGiven(channelOptions: ChannelOptions): void {
  const name = optionsOfClients.find((option) => option in channelOptions);
  if (name === undefined) return;
  const message = `channelOptions.${name} is for clients of grpc-js and would do nothing here: give connect \`interceptors\` or \`metadata\``;
  throw new DuplexError('fault', message, { code: Code.INVALID_ARGUMENT });
}

function tryOut(makeChannel: () => Channel): void {
  try {
    makeChannel().close();
  } catch (error) {
    const message = `grpc-js refuses credentials or channelOptions: ${textOf(error)}`;
    throw new DuplexError('fault', message, { code: Code.INVALID_ARGUMENT, cause: error });
  }
}

/** A dialer over grpc-js. Throws INVALID_ARGUMENT for an address that cannot be one, and for what grpc-js refuses. */
export function grpcDialer(address: string, options: GrpcDialOptions = {}): Dialer {
  const makeChannel = channelMaker(address, options);
  const metadata = resolveMetadata(options.metadata);
  let channel: Channel | undefined;
  return {
    address,
    dial(wireName, listener) {
      // A channel of its own for each attempt: grpc-js fails calls of a channel that could not connect for up to two
      // minutes without trying, while the session has a back-off of its own; and a dead connection is not reused.
      channel?.close();
      channel = makeChannel();
      return new GrpcClientCarrier(channel, wireName, address, metadata, listener);
    },
    async close() {
      channel?.close();
      // HTTP/2 closes in the turns after this one. Who connects anew within it has the end of the old connection in the
      // middle of the new one's beginning: a tenth of the time to a first callback.
      if (channel !== undefined) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/**
 * The client's end of a stream over grpc-js, below the Duplex stream that it
 * makes for its callers: see {@link sessionInterceptor}.
 */
export class GrpcClientCarrier implements Carrier, InterceptingListener {
  readonly #call: ReturnType<Channel['createCall']>;
  readonly #reader: FrameReader;
  readonly #listener: CarrierListener;
  readonly #wireName: string;
  readonly #address: string;
  /** Until then grpc-js holds the first message back. */
  #started = false;
  #over = false;

  constructor(
    channel: Channel,
    wireName: string,
    address: string,
    source: ResolvedMetadata,
    listener: CarrierListener,
  ) {
    // No deadline: it would end the session, and beyond 2^31 ms it wraps.
    this.#call = channel.createCall(connectPath(wireName), Number.POSITIVE_INFINITY, null, null, null);
    this.#listener = listener;
    this.#wireName = wireName;
    this.#address = address;
    this.#reader = new FrameReader(this.#call, listener);
    if (typeof source !== 'function') this.#start(source);
    else
      source().then(
        (metadata) => this.#start(metadata),
        (error: unknown) => this.#end(Code.UNAVAILABLE, `no metadata for the stream: ${textOf(error)}`),
      );
  }

  #start(metadata: Metadata): void {
    // A call that was given up meanwhile must not start after all.
    if (this.#over) return;
    this.#started = true;
    this.#call.start(metadata, this);
    // At once: what nobody asks for stays in the windows of HTTP/2, and the status behind it.
    this.#reader.ask();
  }

  write(frame: Uint8Array, written: () => void): void {
    // After its end grpc-js takes writes, reports success and leaks them.
    if (!this.#over) this.#call.sendMessageWithContext({ callback: written }, asBuffer(frame));
  }

  depart({ how }: Departure): void {
    if (this.#over) return;
    if (how === 'half-close') return this.#call.halfClose();
    this.#call.cancelWithStatus(Code.CANCELLED, 'the session left the stream');
    // grpc-js tells nothing of a call that has not started.
    if (!this.#started) queueMicrotask(() => this.#end(Code.CANCELLED, 'left before the stream was opened'));
  }

  /**
   * Until grpc-js has a connection for the call there is nothing to say of it.
   * The state of the channel tells less: one may dial again for other calls, or
   * by its balancing policy, while this call is still on the lost connection.
   */
  get hasReachedNobody(): boolean {
    return this.#call.getAuthContext() === null;
  }

  pause(): void {
    this.#reader.pause();
  }

  resume(): void {
    this.#reader.resume();
  }

  // ------------------------------------------------------- from grpc-js

  onReceiveMetadata(): void {}

  onReceiveMessage(frame: Buffer): void {
    if (!this.#over) this.#reader.take(frame);
  }

  onReceiveStatus({ code, details }: { readonly code: number; readonly details: string }): void {
    this.#end(code, details);
  }

  #end(code: number, details: string): void {
    if (this.#over) return;
    this.#over = true;
    if (code === Code.OK) return this.#listener.ended();
    this.#listener.lost(this.#errorFrom(code, details));
  }

  #errorFrom(code: number, details: string): DuplexError {
    if (code !== Code.UNIMPLEMENTED) return errorFromStatus({ code, details }, this.#address);
    const message = `${this.#address} does not serve ${this.#wireName}: ${details}`;
    return new DuplexError('refused', message, { code: Code.UNIMPLEMENTED, origin: 'remote' });
  }
}
