import type { ErrorListener } from '../calls/call-channel.js';
import { commonRules } from '../calls/common-options.js';
import type { Interceptor } from '../calls/interceptors/interceptor.js';
import type { OperationContextMode } from '../calls/operation-context.js';
import { resolveReporting } from '../calls/reporting.js';
import { aBoolean, aFunction, anObject, type OptionRules, resolveOptions } from '../calls/resolve-options.js';
import type { Logger } from '../observability/logger.js';
import type { Clock } from '../transport/clock.js';
import { systemClock } from '../transport/clock.js';
import type { GrpcServerOptions } from '../transport/grpc/listener.js';
import { type Limits, resolveLimits } from './admission/limits.js';
import type { Authenticate, Authorize, Principal } from './security/principal.js';

/** Options of a host. Times are milliseconds. */
export interface HostOptions<Who extends Principal | undefined = Principal | undefined> {
  /** Finds out who a client is, for each stream that it opens. Default: nobody asks, and principals are undefined. */
  readonly authenticate?: Authenticate<Who>;
  /**
   * How long before its principal's credentials end a session's client is asked
   * for fresh ones, and at half of their time if they last no longer than
   * twice that. Default: 60,000; 0 never asks.
   */
  readonly credentialsLeadMs?: number;
  /** Whether a principal may invoke an operation. Default: every one. */
  readonly authorize?: Authorize<Who>;
  /** How much the host takes on; each limit has a default. */
  readonly limits?: Partial<Limits>;
  /** Hears of every error that no caller is told of, and may say what the caller is told. Default: the logger, or stderr. */
  readonly onError?: ErrorListener;
  /** Gets a record of what becomes of sessions and of those who are turned away, never one for each message. Default: nothing is logged. */
  readonly logger?: Logger;
  /** What stands around operations, callbacks and their messages, the outermost first. Default: nothing. */
  readonly interceptors?: readonly Interceptor[];
  /** Whether clients see the text of errors that are no faults. Default: false, they see an opaque id. */
  readonly includeErrorDetail?: boolean;
  /** How long a client may take to open a session on its stream. Default: 5,000. */
  readonly handshakeTimeoutMs?: number;
  /** How long closing a session in order may take before it is cut. Default: 10,000. */
  readonly closeTimeoutMs?: number;
  /**
   * How long a session outlives its connection, so that the client can resume
   * it with nothing lost. Default: 120,000; 0 ends it with its connection.
   */
  readonly resumeWindowMs?: number;
  /**
   * How long a session may go without any call, in either direction, before it
   * is closed in order. Default: 600,000; 0 lets it stay.
   */
  readonly idleTimeoutMs?: number;
  /** After how much silence a session asks whether the client is still there. Default: 10,000. */
  readonly pingMs?: number;
  /** How long it waits for the answer. Default: 5,000. */
  readonly pingTimeoutMs?: number;
  /** Whether the host answers gRPC's reflection service, for grpcurl and its like. Default: false. */
  readonly reflection?: boolean;
  /** Whether the host answers gRPC's health checking service, for load balancers and probes. Default: false. */
  readonly health?: boolean;
  /**
   * Whether `OperationContext.current()` knows the call that runs, at the price
   * of an AsyncLocalStorage run for each. Default: `auto`, only for contracts
   * where both sides await answers of each other, so that calls that wait for
   * themselves are found.
   */
  readonly operationContext?: OperationContextMode;
  /** Options for the grpc-js server that `listen` starts. */
  readonly serverOptions?: GrpcServerOptions;
  /** Where time comes from; a test may bring its own. */
  readonly clock?: Clock;
}

/** {@link HostOptions}, complete. */
export interface ResolvedHostOptions
  extends Readonly<Required<Omit<HostOptions, 'authenticate' | 'authorize' | 'limits'>>> {
  readonly authenticate: Authenticate<Principal | undefined> | undefined;
  readonly authorize: Authorize<Principal | undefined> | undefined;
  readonly limits: Limits;
}

/** Completes the options of a host with their defaults. Throws INVALID_ARGUMENT, naming the option, for one that cannot be. */
export function resolveHostOptions(options: HostOptions): ResolvedHostOptions {
  const resolved = resolveOptions(defaults, options, hostRules);
  return { ...resolved, ...resolveReporting(options, 'service'), limits: resolveLimits(options.limits) };
}

const defaults: Omit<ResolvedHostOptions, 'onError' | 'logger'> = Object.freeze({
  interceptors: [],
  includeErrorDetail: false,
  handshakeTimeoutMs: 5_000,
  closeTimeoutMs: 10_000,
  resumeWindowMs: 120_000,
  idleTimeoutMs: 600_000,
  pingMs: 10_000,
  pingTimeoutMs: 5_000,
  authenticate: undefined,
  credentialsLeadMs: 60_000,
  authorize: undefined,
  limits: resolveLimits(),
  reflection: false,
  health: false,
  operationContext: 'auto',
  serverOptions: {},
  clock: systemClock,
});

const hostRules: OptionRules = {
  least: { resumeWindowMs: 0, idleTimeoutMs: 0, credentialsLeadMs: 0 },
  oneOf: commonRules.oneOf,
  kinds: {
    ...commonRules.kinds,
    ...{ authenticate: aFunction, authorize: aFunction, limits: anObject, serverOptions: anObject },
    ...{ reflection: aBoolean, health: aBoolean },
  },
  // A host whose `authenticate` is misspelt would let everybody in.
  known: [...Object.keys(defaults), 'onError', 'logger'],
};
