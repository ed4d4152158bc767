import type { SchedulerLike } from 'rxjs';
import type { ErrorListener } from '../calls/call-channel.js';
import { commonRules } from '../calls/common-options.js';
import type { Interceptor } from '../calls/interceptors/interceptor.js';
import type { MethodProxy } from '../calls/method-types.js';
import type { OperationContextMode } from '../calls/operation-context.js';
import { type Reporting, resolveReporting } from '../calls/reporting.js';
import {
  aBoolean,
  aFunction,
  anObject,
  anObjectWith,
  badOption,
  type OptionRules,
  resolveOptions,
} from '../calls/resolve-options.js';
import type { Logger } from '../observability/logger.js';
import { type BackoffOptions, defaultBackoff } from '../session/backoff.js';
import type { SessionEnd } from '../session/session-end.js';
import { type Clock, systemClock } from '../transport/clock.js';
import type { Dialer, GrpcDialOptions } from '../transport/grpc/client-carrier.js';
import type { CallbackHandler } from './client-types.js';
import type { SessionCredentialsSource } from './session-credentials.js';

/** A session that has just opened. */
export interface NewSession<Operations> {
  /** Calls made here go before those that wait for the session. */
  readonly service: MethodProxy<Operations>;
  /** How the session before it ended, if this is not the first one; `unknownItems` tells how much is of unknown fate. */
  readonly previous: SessionEnd | undefined;
}

/** Options of a client. Times are milliseconds. */
export interface ConnectOptions<Callbacks = object, Operations = object> extends GrpcDialOptions {
  /** Answers the service's callbacks; what it does not have goes to the observables alone. */
  readonly handler?: Partial<CallbackHandler<Callbacks>>;
  /**
   * Who the client is, as it says in the session itself. A function is asked on
   * every connection, and when the service wants fresh credentials because the
   * old ones end: the session goes on without a break. While the function
   * fails, the service counts as unavailable. Default: none; see `metadata`.
   */
  readonly sessionCredentials?: SessionCredentialsSource;
  /**
   * `session` (default) for services on this library; `plain` for a service in
   * another language that speaks only the envelope.
   */
  readonly level?: 'session' | 'plain';
  /** Hears of every error that no caller is told of, and may say what the service is told. Default: the logger, or stderr. */
  readonly onError?: ErrorListener;
  /** Gets a record of what becomes of the session, never one for each message. Default: nothing is logged. */
  readonly logger?: Logger;
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
   * Runs with every new session, the first one and each that replaces a lost
   * one, before calls that wait for it; if it returns a promise they wait for
   * that as well. What it throws ends the client.
   */
  readonly onSession?: (session: NewSession<Operations>) => void | PromiseLike<void>;
  /**
   * What a lost session does, one that could not be resumed: `fault` (default)
   * ends the client, `renew` opens a new session, also when the service goes
   * away. Calls that may have run then reject with `executed: 'maybe'`, but
   * idempotent ones, and those that did not run, are made again.
   */
  readonly onLost?: 'fault' | 'renew';
  /** How long to go on trying to open a new session after one was lost. Default: 600,000. */
  readonly renewWindowMs?: number;
  /**
   * How attempts to connect again are spaced: a random time up to a bound that
   * doubles from `firstMs` to `maxMs`. Default: 100 and 10,000.
   */
  readonly backoff?: Partial<BackoffOptions>;
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
  /**
   * Where callbacks, handlers, state, status and answers reach the application:
   * in order, all that is there in one task of this rxjs scheduler. What it has
   * not delivered counts as running, so the service is slowed down. Default: at once.
   */
  readonly scheduler?: SchedulerLike;
  /** Where time comes from; a test may bring its own. */
  readonly clock?: Clock;
}

/** {@link ConnectOptions}, complete. */
export interface ResolvedConnectOptions<Callbacks, Operations = object>
  extends Readonly<
      Required<
        Omit<
          ConnectOptions,
          | 'backoff'
          | 'handler'
          | 'onSession'
          | 'scheduler'
          | 'sessionCredentials'
          | keyof Reporting
          | keyof GrpcDialOptions
        >
      >
    >,
    Reporting {
  readonly onSession?: ConnectOptions<Callbacks, Operations>['onSession'];
  readonly scheduler?: SchedulerLike;
  readonly sessionCredentials?: SessionCredentialsSource | undefined;
  readonly backoff: BackoffOptions;
  readonly handler: Partial<CallbackHandler<Callbacks>>;
  readonly dialer: Dialer;
}

/** Completes the options of a client that reaches its service by `dialer`. Throws INVALID_ARGUMENT, naming the option, for one that cannot be. */
export function resolveConnectOptions<Callbacks, Operations>(
  dialer: Dialer,
  options: ConnectOptions<Callbacks, Operations>,
): ResolvedConnectOptions<Callbacks, Operations> {
  const resolved = resolveOptions(defaults, options, connectRules);
  return {
    ...resolved,
    ...resolveReporting(options, 'client'),
    backoff: options.backoff === undefined ? defaultBackoff : resolveBackoff(options.backoff),
    dialer,
  };
}

function resolveBackoff(options: Partial<BackoffOptions>): BackoffOptions {
  const backoff = resolveOptions(defaultBackoff, options, {
    least: { firstMs: 0, maxMs: 0 },
    known: Object.keys(defaultBackoff),
    prefix: 'backoff.',
  });
  const { firstMs, maxMs } = backoff;
  if (firstMs > maxMs) throw badOption('backoff.firstMs', firstMs, `no more than backoff.maxMs, which is ${maxMs}`);
  return backoff;
}

const defaults = Object.freeze({
  level: 'session' as const,
  interceptors: [],
  includeErrorDetail: false,
  openTimeoutMs: 10_000,
  retryOpen: false,
  resumeWindowMs: 120_000,
  onLost: 'fault' as const,
  renewWindowMs: 600_000,
  backoff: defaultBackoff,
  closeTimeoutMs: 10_000,
  pingMs: 10_000,
  pingTimeoutMs: 5_000,
  operationContext: 'auto' as const,
  clock: systemClock,
  handler: {},
});

const connectRules: OptionRules = {
  least: { resumeWindowMs: 0 },
  oneOf: { ...commonRules.oneOf, level: ['session', 'plain'], onLost: ['fault', 'renew'] },
  kinds: {
    ...commonRules.kinds,
    ...{ retryOpen: aBoolean, backoff: anObject, onSession: aFunction, scheduler: anObjectWith('schedule') },
  },
  known: [
    ...Object.keys(defaults),
    ...['onError', 'logger', 'onSession', 'scheduler', 'sessionCredentials'],
    // What the dialer was made with.
    ...['credentials', 'channelOptions', 'authority', 'metadata'],
  ],
};
