import type { MessageCodec } from './message-codec.js';

/**
 * How one method exchanges messages. `one-way` has no reply at all; the
 * stream shapes carry any number of messages in the direction they name.
 */
export type MethodShape = 'one-way' | 'request-reply' | 'reply-stream' | 'request-stream' | 'both-streams';

/**
 * One operation or callback of a contract, as both peers know it at run time.
 * Plain, readonly data: built by generated code, from descriptors or by hand.
 */
export interface MethodInfo {
  /** Name in the proto service, e.g. `AddTo`. */
  readonly name: string;
  /** Name of the member on proxies and handlers, e.g. `addTo`. */
  readonly localName: string;
  /** Field number of its arm in both envelopes, 100 or above; never changes. */
  readonly number: number;
  readonly shape: MethodShape;
  readonly request: MessageCodec;
  /** Absent exactly for `one-way`. */
  readonly reply: MessageCodec | undefined;
  /** Message types that may travel as typed details of a fault. */
  readonly faults: readonly MessageCodec[];
  /** Whether the method may be the first call of a session. */
  readonly initiating: boolean;
  /** Whether the session closes gracefully after this call. */
  readonly terminating: boolean;
  /** Whether running it twice does no harm, so that it may be called again after a lost session. */
  readonly idempotent: boolean;
  /** `reliable`, or what a slow receiver may miss (one-way callbacks only). */
  readonly delivery: 'reliable' | 'latest' | 'lossy';
}

/** Whether a contract's calls run in a session: always, if the client wants one, or never. */
export type SessionMode = 'required' | 'allowed' | 'not-allowed';

/**
 * A duplex contract: the operations a client invokes on the service, the
 * callbacks the service invokes on the client, and the state that the service
 * keeps per session. The type parameters carry the same at compile time, as
 * maps from local name to {@link OneWay}, {@link RequestReply} and so on.
 */
export interface Contract<Operations = object, Callbacks = object, State = unknown> {
  /** Full proto name of the service contract, e.g. `calculator.v1.CalculatorService`. */
  readonly name: string;
  /** Full proto name of the callback contract, if there is one. */
  readonly callbackName: string | undefined;
  /** Full proto name of the generated wire service, whose one rpc is `Connect`. */
  readonly wireName: string;
  readonly session: SessionMode;
  readonly operations: readonly MethodInfo[];
  readonly callbacks: readonly MethodInfo[];
  /** Codec of the per-session state, if the contract has one. */
  readonly state: MessageCodec | undefined;
  /**
   * Descriptors of the contract's protos, imports first, each a
   * `google.protobuf.FileDescriptorProto` in base64; none if they are unknown.
   * Those of duplex/v1 and google/protobuf are left out.
   */
  readonly descriptors: () => readonly string[];
  /** Never present at run time; keeps the type parameters for inference. */
  readonly '~types'?: ContractTypes<Operations, Callbacks, State>;
}

/** The compile-time half of a {@link Contract}. */
export interface ContractTypes<Operations, Callbacks, State> {
  readonly operations: Operations;
  readonly callbacks: Callbacks;
  readonly state: State;
}

/** Whether the requests of a method are a stream. */
export function streamsRequests({ shape }: Pick<MethodInfo, 'shape'>): boolean {
  return shape === 'request-stream' || shape === 'both-streams';
}

/** Whether the replies of a method are a stream. */
export function streamsReplies({ shape }: Pick<MethodInfo, 'shape'>): boolean {
  return shape === 'reply-stream' || shape === 'both-streams';
}

/** Any contract, where its types do not matter. */
export type AnyContract = Omit<Contract, '~types'>;

/** A call without a reply. */
export interface OneWay<Request> {
  readonly shape: 'one-way';
  readonly request: Request;
}

/** One request, one reply. */
export interface RequestReply<Request, Reply> {
  readonly shape: 'request-reply';
  readonly request: Request;
  readonly reply: Reply;
}

/** One request, any number of replies. */
export interface ReplyStream<Request, Reply> {
  readonly shape: 'reply-stream';
  readonly request: Request;
  readonly reply: Reply;
}

/** Any number of requests, one reply. */
export interface RequestStream<Request, Reply> {
  readonly shape: 'request-stream';
  readonly request: Request;
  readonly reply: Reply;
}

/** Any number of messages in both directions. */
export interface BothStreams<Request, Reply> {
  readonly shape: 'both-streams';
  readonly request: Request;
  readonly reply: Reply;
}
