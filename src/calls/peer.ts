import type { Observable } from 'rxjs';
import type { AnyContract, MethodInfo } from '../contract/contract.js';
import type { MessageCodec } from '../contract/message-codec.js';
import { DuplexError } from '../errors.js';
import type { Credentials, Grant, Hello } from '../gen/duplex/v1/session.js';
import type { Logger } from '../observability/logger.js';
import { type SessionFields, SessionLog } from '../observability/session-log.js';
import { type BackoffOptions, defaultBackoff } from '../session/backoff.js';
import type { SessionIdentity } from '../session/handshake.js';
import { Session } from '../session/session.js';
import { errorOf, orderlyEnd, type SessionEnd } from '../session/session-end.js';
import type { SessionListener, SessionOptions } from '../session/session-options.js';
import { defaultTerms } from '../session/terms.js';
import { defaultWaitingLineLimits } from '../session/waiting-line.js';
import type { Clock } from '../transport/clock.js';
import { type Dial, Driver } from '../transport/driver.js';
import { Field } from '../wire/fields.js';
import type { ReceivedItem } from '../wire/frame-decoder.js';
import { bareHead, type ItemEncoder } from '../wire/item-encoder.js';
import type { CallChannel, CallCounters, ErrorListener, Nesting } from './call-channel.js';
import type { Deliver } from './deliver.js';
import type { Disclosure } from './faults.js';
import type { IncomingCall } from './incoming/call.js';
import { type CallLimits, clientCallLimits } from './incoming/call-limits.js';
import { IncomingCalls } from './incoming/incoming-calls.js';
import type { Concurrency } from './incoming/turns.js';
import { aroundCall, aroundHandler, type Make, withMessages } from './interceptors/compose.js';
import type { Interceptor } from './interceptors/interceptor.js';
import { currentCall, keepsContext, type OperationContextMode } from './operation-context.js';
import type { CallOptions } from './outgoing/call-options.js';
import { OutgoingCalls } from './outgoing/outgoing-calls.js';
import type { Sent } from './outgoing/sent.js';
import { SlowPeer } from './outgoing/slow-peer.js';
import type { QuickPolicy, SlowPeerPolicy } from './outgoing/slow-peer-policy.js';
import { hearUnheardErrors } from './streams/unheard-errors.js';

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
  /** What stands around calls, the outermost first. */
  readonly interceptors: readonly Interceptor[];
  /** Client: makes a connection. */
  readonly dial?: Dial;
  /** What a simulation sets otherwise: chance, bounds that are quick to reach, an ear for changes of state. */
  readonly engine?: Partial<SessionOptions>;
}

/** What the owner of a peer is asked and told. */
export interface PeerOwner<SessionApi> {
  /** What incoming calls name as their session. */
  readonly api: SessionApi;
  /** What log records say of the session. */
  readonly logFields: Omit<SessionFields, 'side' | 'contract'>;
  /** Service: a client wants in; answered by `Peer.accept` or `Session.refuse`. */
  onOpening(hello: Hello | undefined): void;
  onOpened(): void;
  /** Service: the client has the token of the last Welcome. */
  onConfirmed(): void;
  /** Client: answers by `Controls.show`, or drops the carrier. */
  onCredentialsWanted(): void;
  /** Service: the client shows fresh ones. */
  onCredentials(shown: Credentials): void;
  onSuspended(error: DuplexError): void;
  onResumed(): void;
  /** Runs the handler of an incoming call; may throw. */
  invoke(method: MethodInfo, request: unknown, call: IncomingCall<SessionApi>): unknown;
  /** Client: the service's state changed. */
  onState(state: unknown): void;
  onClosing(end: SessionEnd): void;
  /** The session is over, and its calls are about to fail: what they do about it comes before `onClosed`. */
  onEnded?(end: SessionEnd): void;
  onClosed(end: SessionEnd): void;
}

/**
 * One side of a duplex session above the session engine: makes calls to the
 * other side, runs the calls of the other side. Both roles are the same but
 * for which methods go which way.
 */
export class Peer<SessionApi> implements SessionListener {
  readonly session: Session;
  readonly driver: Driver;
  /** Rises with every call and every answer, in either direction. */
  activity = 0;
  readonly counters: CallCounters = { unsent: 0, failedHandlers: 0, unknownItems: 0, lateItems: 0, dropped: 0 };
  readonly #outgoing: OutgoingCalls;
  /** How a call goes out where interceptors look at it. */
  readonly #intercepted: Make | undefined;
  readonly #incoming: IncomingCalls<SessionApi>;
  readonly #slowPeer: SlowPeer;
  readonly #log: SessionLog;
  readonly #options: PeerOptions;
  readonly #keepsContext: boolean;
  readonly #owner: PeerOwner<SessionApi>;

  constructor(options: PeerOptions, owner: PeerOwner<SessionApi>) {
    hearUnheardErrors();
    this.#options = options;
    this.#keepsContext = keepsContext(options.operationContext, options.contract);
    this.#owner = owner;
    const { contract, role, clock, interceptors } = options;
    this.#log = new SessionLog(
      options.logger,
      () => clock.now(),
      () => ({ side: role, contract: contract.name, ...owner.logFields }),
    );
    this.session = new Session(sessionOptions(options), this);
    this.driver = new Driver(this.session, clock, options.dial);
    const channel = this.#channel();
    const [own, peers] =
      role === 'service' ? [contract.operations, contract.callbacks] : [contract.callbacks, contract.operations];
    this.#slowPeer = new SlowPeer(channel, ({ code, message }) =>
      this.session.abort({ kind: 'aborted', origin: 'local', code, message }),
    );
    this.#outgoing = new OutgoingCalls(channel, peers);
    if (interceptors.length > 0) this.#intercepted = this.#intercept(interceptors, peers);
    this.#incoming = new IncomingCalls(channel, {
      includeErrorDetail: options.includeErrorDetail,
      newErrorId: options.newErrorId,
      methods: withMessages(interceptors, own),
      concurrency: options.concurrency,
      limits: options.callLimits ?? clientCallLimits,
      keepsContext: this.#keepsContext,
      pending: (id) => this.#outgoing.pending(id),
      role,
      session: () => owner.api,
      invoke: aroundHandler(interceptors, (method, request, call) => owner.invoke(method, request, call)),
      begun: (byteLength) => this.session.release(byteLength, clock.now()),
    });
  }

  #channel(): CallChannel {
    const { session } = this;
    const { encoder, clock } = this.#options;
    return {
      sender: session.sender,
      encoder,
      clock,
      counters: this.counters,
      nesting: this.#nesting(),
      slowPolicy: this.#options.slowPolicy ?? (() => 'wait'),
      post: (method, item, policy) => this.#slowPeer.post(method, item, policy),
      // A plain session has no credit: there its stream alone slows a sender down.
      get streamLimits() {
        const window = defaultTerms.streamCredit;
        return { window, tolerance: session.level === 'plain' ? 3 * window : 0 };
      },
      get peerStreamWindow() {
        return session.level === 'plain' ? Number.POSITIVE_INFINITY : session.sender.peerTerms.streamCredit;
      },
      grant: (grant) => session.controls.grant(grant),
      close: (message) => this.close(message),
      wake: () => this.wake(),
      deliver: this.#options.deliver,
      report: (error, method) => this.#report(error, method),
      log: this.#log,
    };
  }

  #nesting(): Nesting {
    const owns = (call: IncomingCall<unknown>): boolean => call.session === this.#owner.api;
    const current = (): IncomingCall<unknown> | undefined => {
      const call = currentCall();
      return call !== undefined && owns(call) ? call : undefined;
    };
    return {
      owns,
      current: this.#keepsContext ? current : () => undefined,
      park: (call) => this.#incoming.park(call),
      unpark: (call, goOn) => this.#incoming.unpark(call, goOn),
    };
  }

  #intercept(interceptors: readonly Interceptor[], methods: readonly MethodInfo[]): Make {
    const passing = withMessages(interceptors, methods);
    const byNumber = new Map(passing.map((method) => [method.number, method]));
    return aroundCall(interceptors, (method, request, options) =>
      this.#outgoing.call(byNumber.get(method.number) ?? method, request, options),
    );
  }

  #report(error: DuplexError, method?: MethodInfo): unknown {
    return this.#options.onError(error, { contract: this.#options.contract.name, method: method?.localName });
  }

  // ---------------------------------------------------------------- from the owner

  /** Calls a method of the other side, in the way of its shape. */
  call(
    method: MethodInfo,
    request: unknown,
    options: CallOptions | undefined,
  ): Sent | Promise<unknown> | Observable<unknown> {
    this.activity += 1;
    if (this.#intercepted === undefined) return this.#outgoing.call(method, request, options);
    try {
      const result = this.#intercepted(method, request, options ?? {});
      // An interceptor may make a promise of its own, which its caller may leave alone like any other.
      if (result instanceof Promise) result.catch(() => {});
      return result as Sent | Promise<unknown> | Observable<unknown>;
    } catch (error) {
      return this.#outgoing.failed(method, DuplexError.from(error));
    }
  }

  /** Counts a one-way call that failed without being awaited; the first of each kind is reported. */
  unsent(method: MethodInfo, error: DuplexError): void {
    this.#outgoing.unsent(method, error);
  }

  /**
   * Sends the item of a one-way call that was encoded before, for this session
   * or for many, by a policy under which nobody waits. What fails is counted
   * and reported as for a call that nobody awaits.
   */
  post(method: MethodInfo, item: Uint8Array, policy: QuickPolicy): void {
    this.activity += 1;
    this.#slowPeer.post(method, item, policy);
  }

  /** Sends the service's state; while the client is slow only the newest. */
  sendState(codec: MessageCodec, state: unknown): void {
    this.session.sender.sendState(this.#options.encoder.encode(bareHead, Field.state, codec, state));
  }

  /** Throws what `sendState` would throw. */
  checkState(codec: MessageCodec, state: unknown): void {
    this.session.sender.checkSize(this.#options.encoder.encode(bareHead, Field.state, codec, state));
  }

  /** Whether a call runs or waits here, or an answer is awaited. */
  get isBusy(): boolean {
    return !this.isIdle();
  }

  /** Service: lets the client in and begins to run its calls. */
  accept(identity: SessionIdentity): void {
    this.session.accept(identity, this.#options.clock.now());
    this.#incoming.resume();
  }

  /** Closes in order; see `Session.close`. */
  close(message: string): void {
    if (this.#options.role === 'client') this.#outgoing.refuse(orderlyEnd('local', message));
    this.session.close(this.#options.clock.now(), message);
  }

  // ---------------------------------------------------------------- SessionListener

  opening(hello: Hello | undefined): void {
    this.#owner.onOpening(hello);
  }

  opened(): void {
    this.#log.opened();
    this.#owner.onOpened();
  }

  confirmed(): void {
    this.#owner.onConfirmed();
  }

  credentialsWanted(): void {
    this.#owner.onCredentialsWanted();
  }

  credentials(shown: Credentials): void {
    this.#owner.onCredentials(shown);
  }

  suspended(error: DuplexError): void {
    this.#log.suspended(error);
    this.#owner.onSuspended(error);
  }

  resumed(): void {
    this.#outgoing.regrant();
    this.#incoming.regrant();
    this.#log.resumed();
    this.#owner.onResumed();
  }

  item(item: ReceivedItem): boolean {
    this.activity += 1;
    if (item.replyTo !== 0) this.#outgoing.take(item);
    else if (item.number === Field.state) return this.#takeState(item);
    else return this.#incoming.take(item);
    return true;
  }

  credit(grant: Grant): void {
    this.#outgoing.credit(grant);
    this.#incoming.credit(grant);
  }

  room(): void {
    this.#outgoing.room();
    this.#incoming.room();
  }

  closing(end: SessionEnd): void {
    // A service's running operations may still call back; that they should end is its owner's affair.
    if (this.#options.role === 'client') this.#outgoing.refuse(end);
    this.#owner.onClosing(end);
  }

  closed(end: SessionEnd): void {
    this.#log.closed(end, { ...this.counters });
    this.#owner.onEnded?.(end);
    this.#outgoing.refuse(end);
    this.#outgoing.fail(errorOf(end, 'maybe'));
    this.#incoming.abort(errorOf(end, 'no'));
    this.#owner.onClosed(end);
  }

  isIdle(): boolean {
    return this.#incoming.isIdle && this.#outgoing.size === 0;
  }

  awaitsPeer(): boolean {
    return this.#outgoing.size > 0;
  }

  wake(): void {
    this.driver.wake();
  }

  /** A state does not overtake callbacks that wait for their handlers. */
  #takeState(item: ReceivedItem): boolean {
    const { contract, role } = this.#options;
    if (contract.state === undefined || role === 'service') {
      this.counters.unknownItems += 1;
      this.#log.unknown('a state');
      return true;
    }
    try {
      const state = item.decode(contract.state);
      return this.#incoming.inTurn('state', item, () => this.#owner.onState(state));
    } catch (error) {
      this.#report(DuplexError.from(error));
      return true;
    }
  }
}

function sessionOptions(options: PeerOptions): ConstructorParameters<typeof Session>[0] {
  const { role, contract, level, pingMs, pingTimeoutMs, openTimeoutMs, closeTimeoutMs, retryOpen } = options;
  const { showsCredentials = false, callLimits = clientCallLimits } = options;
  return {
    role,
    contract: contract.name,
    level,
    terms: { ...defaultTerms, pingMs, pingTimeoutMs, ttlMs: options.resumeWindowMs, calls: callLimits.running },
    waiting: defaultWaitingLineLimits,
    openTimeoutMs,
    closeTimeoutMs,
    retryOpen,
    showsCredentials,
    backoff: options.backoff ?? defaultBackoff,
    random: Math.random,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    ...options.engine,
  };
}
