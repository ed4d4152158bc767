import type { AnyContract, MethodInfo } from '../contract/contract.js';
import type { Logger } from '../observability/logger.js';
import { type BackoffOptions, defaultBackoff } from '../session/backoff.js';
import type { HeldBytes } from '../session/sending/held-bytes.js';
import { defaultWaitingLineLimits } from '../session/sending/waiting-line.js';
import type { SessionOptions } from '../session/session-options.js';
import { defaultTerms } from '../session/terms.js';
import type { Clock } from '../transport/clock.js';
import { randomBytes } from '../transport/random-bytes.js';
import { SharedAlarms } from '../transport/shared-alarms.js';
import type { ItemEncoder } from '../wire/item-encoder.js';
import type { ErrorListener } from './call-channel.js';
import type { Deliver } from './deliver.js';
import type { Disclosure } from './faults.js';
import { type CallLimits, clientCallLimits } from './incoming/call-limits.js';
import type { IncomingRules } from './incoming/incoming-calls.js';
import { MethodTable } from './incoming/method-table.js';
import type { Concurrency } from './incoming/turns.js';
import { withMessages } from './interceptors/compose.js';
import type { Interceptor } from './interceptors/interceptor.js';
import { keepsContext, type OperationContextMode } from './operation-context.js';
import type { SlowPeerPolicy } from './outgoing/slow-peer-policy.js';

/** What a peer needs from whoever runs it. Times are milliseconds. */
export interface PeerOptions extends Disclosure {
  readonly contract: AnyContract;
  readonly role: 'client' | 'service';
  readonly level: 'session' | 'plain';
  /** How many incoming calls run at a time. */
  readonly concurrency: Concurrency;
  /** How many of them it takes on. Default: what a client does. */
  readonly callLimits?: CallLimits;
  readonly operationContext: OperationContextMode;
  readonly openTimeoutMs: number;
  /** Client: whether a first attempt to connect that fails is repeated. */
  readonly retryOpen: boolean;
  /** Client: whether it shows credentials in the session: then its owner is asked for them. Default: false. */
  readonly showsCredentials?: boolean;
  readonly closeTimeoutMs: number;
  /** How long a session outlives its connection; 0: not at all. */
  readonly resumeWindowMs: number;
  readonly pingMs: number;
  readonly pingTimeoutMs: number;
  /** When the application takes what comes for it. Default: at once. */
  readonly deliver?: Deliver | undefined;
  /** Client: how attempts to connect again are spaced. */
  readonly backoff?: BackoffOptions;
  /** What to do where the peer is too slow for a one-way method. Default: `wait`. */
  readonly slowPolicy?: ((method: MethodInfo) => SlowPeerPolicy) | undefined;
  readonly clock: Clock;
  readonly encoder: ItemEncoder;
  readonly onError: ErrorListener;
  readonly logger: Logger;
  /** What the sessions of a host may hold together. Default: no bound but each one's own. */
  readonly heldBytes?: HeldBytes;
  /** What stands around calls, the outermost first. */
  readonly interceptors: readonly Interceptor[];
  /** What a simulation sets otherwise: chance, bounds that are quick to reach, an ear for changes of state. */
  readonly engine?: Partial<SessionOptions>;
}

/** What all sessions that are run with the same options have in common: a service makes it once, not for each client. */
export interface PeerPlan<Options extends PeerOptions = PeerOptions> {
  readonly options: Options;
  readonly session: SessionOptions;
  readonly incoming: IncomingRules;
  /** The methods of the other side. */
  readonly outgoing: MethodTable;
  /** A client has but one session, which shares its alarms with none. */
  readonly alarms: SharedAlarms | undefined;
}

/** Works out what the options mean for every session. */
export function peerPlan<Options extends PeerOptions>(options: Options): PeerPlan<Options> {
  const { contract, role, interceptors, concurrency, includeErrorDetail, newErrorId } = options;
  const [own, peers] =
    role === 'service' ? [contract.operations, contract.callbacks] : [contract.callbacks, contract.operations];
  return {
    options,
    session: sessionOptions(options),
    alarms: role === 'service' ? new SharedAlarms(options.clock) : undefined,
    outgoing: MethodTable.of(withMessages(interceptors, peers)),
    incoming: {
      includeErrorDetail,
      newErrorId,
      role,
      concurrency,
      methods: MethodTable.of(withMessages(interceptors, own)),
      limits: options.callLimits ?? clientCallLimits,
      keepsContext: keepsContext(options.operationContext, contract),
    },
  };
}

function sessionOptions(options: PeerOptions): SessionOptions {
  const { role, contract, level, pingMs, pingTimeoutMs, openTimeoutMs, closeTimeoutMs, retryOpen } = options;
  const { showsCredentials = false, callLimits = clientCallLimits } = options;
  return {
    role,
    contract: contract.name,
    level,
    terms: { ...defaultTerms, pingMs, pingTimeoutMs, ttlMs: options.resumeWindowMs, calls: callLimits.running },
    waiting: defaultWaitingLineLimits,
    heldBytes: options.heldBytes,
    decoders: [],
    openTimeoutMs,
    closeTimeoutMs,
    retryOpen,
    showsCredentials,
    backoff: options.backoff ?? defaultBackoff,
    random: Math.random,
    randomBytes,
    ...options.engine,
  };
}
