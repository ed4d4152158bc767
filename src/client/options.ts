import { type ErrorListener, writeError } from '../calls/call-channel.js';
import type { Interceptor } from '../calls/interceptors/interceptor.js';
import type { OperationContextMode } from '../calls/operation-context.js';
import { resolveOptions } from '../calls/resolve-options.js';
import { type BackoffOptions, defaultBackoff } from '../session/backoff.js';
import { type Clock, systemClock } from '../transport/clock.js';
import type { Dialer, GrpcDialOptions } from '../transport/grpc/client-carrier.js';
import type { CallbackHandler } from './client-types.js';

/** Options of a client. Times are milliseconds. */
export interface ConnectOptions<Callbacks = object> extends GrpcDialOptions {
  /** Answers the service's callbacks; what it does not have goes to the observables alone. */
  readonly handler?: Partial<CallbackHandler<Callbacks>>;
  /**
   * `session` (default) for services on this library; `plain` for a service in
   * another language that speaks only the envelope.
   */
  readonly level?: 'session' | 'plain';
  /** Hears of every error that no caller is told of, and may say what the service is told. Default: writes it to stderr. */
  readonly onError?: ErrorListener;
  /** What stands around callbacks, operations and their messages, the outermost first. Default: nothing. */
  readonly interceptors?: readonly Interceptor[];
  /** Whether the service sees the text of errors that handlers throw and that are no faults. Default: false. */
  readonly includeErrorDetail?: boolean;
  /** How long connecting and opening the session may take. Default: 10,000. */
  readonly openTimeoutMs?: number;
  /** Whether a first attempt to connect that fails is repeated, with back-off, within `openTimeoutMs`. Default: false. */
  readonly retryOpen?: boolean;
  /**
   * How long to go on trying to resume a session whose connection broke; the
   * service may allow less. Default: 120,000; 0 ends it with its connection.
   */
  readonly resumeWindowMs?: number;
  /**
   * How attempts to connect again are spaced: a random time up to a bound that
   * doubles from `firstMs` to `maxMs`. Default: 100 and 10,000.
   */
  readonly backoff?: BackoffOptions;
  /** How long closing in order may take before the session is cut. Default: 10,000. */
  readonly closeTimeoutMs?: number;
  /** After how much silence the session asks whether the service is still there. Default: 10,000. */
  readonly pingMs?: number;
  /** How long it waits for the answer. Default: 5,000. */
  readonly pingTimeoutMs?: number;
  /**
   * Whether `OperationContext.current()` knows the callback that runs, at the
   * price of an AsyncLocalStorage run for each. Default: `auto`, only for
   * contracts where both sides await answers of each other.
   */
  readonly operationContext?: OperationContextMode;
  /** Where time comes from; a test may bring its own. */
  readonly clock?: Clock;
}

/** {@link ConnectOptions}, complete. */
export interface ResolvedConnectOptions<Callbacks>
  extends Readonly<Required<Omit<ConnectOptions<Callbacks>, 'handler' | keyof GrpcDialOptions>>> {
  readonly handler: Partial<CallbackHandler<Callbacks>>;
  readonly dialer: Dialer;
}

/** Completes the options of a client that reaches its service by `dialer`. Throws INVALID_ARGUMENT for a time that is none. */
export function resolveConnectOptions<Callbacks>(
  dialer: Dialer,
  options: ConnectOptions<Callbacks>,
): ResolvedConnectOptions<Callbacks> {
  return { ...resolveOptions(defaults, options, { resumeWindowMs: 0 }), dialer } as ResolvedConnectOptions<Callbacks>;
}

const defaults = Object.freeze({
  level: 'session' as const,
  onError: writeError,
  interceptors: [],
  includeErrorDetail: false,
  openTimeoutMs: 10_000,
  retryOpen: false,
  resumeWindowMs: 120_000,
  backoff: defaultBackoff,
  closeTimeoutMs: 10_000,
  pingMs: 10_000,
  pingTimeoutMs: 5_000,
  operationContext: 'auto' as const,
  clock: systemClock,
  handler: {},
});
