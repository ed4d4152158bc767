/** The gRPC status codes, by their standard names. Source: grpc/doc/statuscodes.md. */
export const Code = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** One of the gRPC status codes. */
export type Code = (typeof Code)[keyof typeof Code];

const codeNames: ReadonlyMap<number, string> = new Map(Object.entries(Code).map(([name, code]) => [code, name]));

/** The name of a status code, e.g. `NOT_FOUND`; the number itself for one that has none. */
export function codeName(code: number): string {
  return codeNames.get(code) ?? String(code);
}

/**
 * What went wrong, in one word: a `fault` thrown by a handler, a `timeout` or
 * `cancelled` call, a session that is `closed` in order, `lost` or `refused`,
 * a service that is `unavailable`, or a peer that broke the `protocol`.
 */
export type ErrorKind = 'fault' | 'timeout' | 'cancelled' | 'closed' | 'lost' | 'refused' | 'unavailable' | 'protocol';

/** A typed detail of a fault in the form of `google.protobuf.Any`. */
export interface FaultDetail {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/** The part of a message codec that fault details need; ts-proto's message objects have it. */
export interface DetailCodec<Message> {
  readonly $type: string;
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

/** What a {@link DuplexError} carries beside its kind and message. */
export interface DuplexErrorOptions {
  /** gRPC status code; each kind has its own default. */
  readonly code?: Code | undefined;
  /** Which side noticed or caused it; default `local`. */
  readonly origin?: 'local' | 'remote';
  /** Whether the call ran at the peer; default `no`. */
  readonly executed?: 'no' | 'maybe' | 'yes';
  readonly details?: readonly FaultDetail[];
  /** Opaque id under which the peer logged an error that it does not disclose. */
  readonly errorId?: string;
  /** When to try again, in milliseconds, if the peer said so. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

const defaultCodes: Readonly<Record<ErrorKind, Code>> = {
  fault: Code.UNKNOWN,
  timeout: Code.DEADLINE_EXCEEDED,
  cancelled: Code.CANCELLED,
  closed: Code.FAILED_PRECONDITION,
  lost: Code.UNAVAILABLE,
  refused: Code.FAILED_PRECONDITION,
  unavailable: Code.UNAVAILABLE,
  protocol: Code.INVALID_ARGUMENT,
};

/** The one error class of the library: everything that it rejects, throws or reports is one of these. */
export class DuplexError extends Error {
  override readonly name: string = 'DuplexError';
  readonly kind: ErrorKind;
  readonly code: Code;
  readonly origin: 'local' | 'remote';
  readonly executed: 'no' | 'maybe' | 'yes';
  readonly details: readonly FaultDetail[];
  readonly errorId: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(kind: ErrorKind, message: string, options: DuplexErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.code = options.code ?? defaultCodes[kind];
    this.origin = options.origin ?? 'local';
    this.executed = options.executed ?? 'no';
    this.details = options.details ?? [];
    this.errorId = options.errorId;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Wraps anything thrown; a DuplexError stays what it is. */
  static from(thrown: unknown, kind: ErrorKind = 'fault'): DuplexError {
    if (thrown instanceof DuplexError) return thrown;
    return new DuplexError(kind, textOf(thrown), { cause: thrown });
  }

  /** The first detail of the given message type, or undefined if there is none. */
  detail<Message>(type: DetailCodec<Message>): Message | undefined {
    const found = this.details.find(({ typeUrl }) => typeUrl.slice(typeUrl.lastIndexOf('/') + 1) === type.$type);
    return found && type.decode(found.value);
  }
}

/**
 * What a handler throws to fail a call in a way that its caller may see: code,
 * message and typed details travel. Any other error reaches the peer as
 * INTERNAL with an opaque id and nothing else.
 */
export class Fault extends DuplexError {
  override readonly name: string = 'Fault';

  constructor(code: Code, message: string, details: readonly FaultDetailInit[] = [], options: DuplexErrorOptions = {}) {
    super('fault', message, {
      executed: 'yes',
      ...options,
      code,
      details: details.map((detail) => ('typeUrl' in detail ? detail : encodeDetail(detail))),
    });
  }
}

/** A detail ready for the wire, or a message type with what it shall hold. */
export type FaultDetailInit = FaultDetail | readonly [type: DetailInitCodec, init: object];

interface DetailInitCodec {
  readonly $type: string;
  encode(message: never): { finish(): Uint8Array };
  // biome-ignore lint/suspicious/noExplicitAny: any message type fits; its own fields are checked by fromPartial at run time
  fromPartial(init: any): any;
}

/** The text of whatever was thrown; for some objects even asking for it throws. */
export function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    return 'an object without a text';
  }
}

function encodeDetail([type, init]: readonly [DetailInitCodec, object]): FaultDetail {
  return {
    typeUrl: `type.googleapis.com/${type.$type}`,
    value: type.encode(type.fromPartial(init) as never).finish(),
  };
}
