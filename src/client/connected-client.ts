import type { Subscription } from 'rxjs';
import type { IncomingCall } from '../calls/incoming/call.js';
import type { MethodProxy } from '../calls/method-types.js';
import { Peer, type PeerOwner } from '../calls/peer.js';
import { peerPlan } from '../calls/peer-plan.js';
import { createProxy } from '../calls/proxy.js';
import { Observable } from '../calls/rx.js';
import type { Contract, MethodInfo } from '../contract/contract.js';
import type { DeepReadonly } from '../contract/message-codec.js';
import { Code, DuplexError } from '../errors.js';
import { endOf, errorOf, isEviction, isOrderly, orderlyEnd, type SessionEnd } from '../session/session-end.js';
import { ItemEncoder } from '../wire/item-encoder.js';
import { Announcer } from './announcer.js';
import { CallbackHandlers } from './callbacks/callback-handlers.js';
import { CallbackHub } from './callbacks/callback-hub.js';
import type { CallbackView, ViewOptions } from './callbacks/callback-view.js';
import type { CallbackEvent, CallbackHandler, DuplexClient } from './client-types.js';
import { Delivery } from './delivery.js';
import { LastingCalls } from './lasting-calls.js';
import type { ResolvedConnectOptions } from './options.js';
import { CredentialsDesk } from './session-credentials.js';
import type { SessionGate } from './session-gate.js';
import { isFinal, nextStatus, type Status } from './status.js';

type AnyClient = DuplexClient<object, object, unknown>;

/** The client's end of one session: proxies and observables over a {@link Peer}. */
export class ConnectedClient<Operations, Callbacks, State>
  implements DuplexClient<Operations, Callbacks, State>, PeerOwner<AnyClient>
{
  readonly service: MethodProxy<Operations>;
  readonly callbacks: DuplexClient<Operations, Callbacks, State>['callbacks'];
  readonly callback$: Observable<CallbackEvent<Callbacks>>;
  readonly state$: Observable<DeepReadonly<State>>;
  readonly status$: Observable<Status>;
  readonly closed: Promise<SessionEnd>;
  state: DeepReadonly<State> | undefined;
  #resolveClosed!: (end: SessionEnd) => void;
  #opened: { promise: Promise<void>; resolve: () => void; reject: (error: DuplexError) => void } | undefined;
  #end: SessionEnd | undefined;
  #status: Status = 'created';
  readonly #statuses = new Announcer<Status>();
  readonly #states = new Announcer<DeepReadonly<State>>();
  readonly #hub: CallbackHub;
  readonly #handlers: CallbackHandlers;
  /** The present session. */
  #peer: Peer<AnyClient>;
  /** Where calls go that may outlast a session, or have to wait for `onSession`. */
  readonly #lasting: LastingCalls | undefined;
  /** Where the session is told who this client is, if that is said in the session. */
  readonly #credentials: CredentialsDesk | undefined;
  /** How the session before the present one ended. */
  #previous: SessionEnd | undefined;
  /** The service of the present session goes away: what comes now waits for the next session. */
  #isLeft = false;
  /** Asked to close before the present session was ready. */
  #closesWith: string | undefined;
  readonly #contract: Contract<Operations, Callbacks, State>;
  readonly #options: ResolvedConnectOptions<Callbacks, Operations>;
  /** Brings what comes to the application where that has a scheduler. */
  readonly #delivery: Delivery | undefined;

  constructor(
    contract: Contract<Operations, Callbacks, State>,
    options: ResolvedConnectOptions<Callbacks, Operations>,
  ) {
    this.#contract = contract;
    this.#options = options;
    const { scheduler } = options;
    if (scheduler !== undefined) this.#delivery = new Delivery(scheduler, (error) => this.#report(error));
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#hub = new CallbackHub(contract.callbacks, (error, method) => this.#report(error, method));
    this.#handlers = new CallbackHandlers(contract.callbacks, this.#hub, (error, method) =>
      this.#report(error, method),
    );
    const { sessionCredentials } = options;
    if (sessionCredentials !== undefined) {
      this.#credentials = new CredentialsDesk(sessionCredentials, (error) => this.#report(error));
    }
    this.#peer = this.#newPeer();
    if (options.onSession !== undefined || options.onLost === 'renew') this.#lasting = this.#lastingCalls();
    const dial = (): void => this.#dial();
    this.service = createProxy(contract.operations, (method, request, call) => {
      dial();
      return (this.#lasting ?? this.#peer).call(method, request, call as never);
    });
    this.callbacks = Object.fromEntries(
      contract.callbacks.flatMap((method) => [
        [`${method.localName}$`, this.#hub.observe(method, dial)],
        [method.localName, (view: ViewOptions = {}) => this.#hub.view(method, view, dial)],
      ]),
    ) as typeof this.callbacks;
    this.callback$ = this.#hub.observeAll(dial) as Observable<CallbackEvent<Callbacks>>;
    this.state$ = new Observable((subscriber) => {
      dial();
      return this.#states.value$.subscribe(subscriber);
    });
    this.#statuses.next(this.#status);
    this.status$ = this.#statuses.value$;
    this.handle(options.handler);
  }

  get status(): Status {
    return this.#status;
  }

  get api(): AnyClient {
    return this as unknown as AnyClient;
  }

  get logFields(): PeerOwner<AnyClient>['logFields'] {
    const { id } = this.#peer.session;
    return {
      peer: this.#options.dialer.address,
      ...(id !== undefined && { sessionId: Buffer.from(id).toString('hex') }),
    };
  }

  eachCallback(options: ViewOptions = {}): CallbackView<CallbackEvent<Callbacks>> {
    return this.#hub.viewAll(options, () => this.#dial()) as CallbackView<CallbackEvent<Callbacks>>;
  }

  open(): Promise<void> {
    this.#dial();
    if (this.#opened === undefined) {
      let settle!: { resolve: () => void; reject: (error: DuplexError) => void };
      const promise = new Promise<void>((resolve, reject) => {
        settle = { resolve, reject };
      });
      // Whoever awaits it gets the rejection; who does not must not lose the process over it.
      promise.catch(() => {});
      this.#opened = { promise, ...settle };
      if (this.#end !== undefined) settle.reject(errorOf(this.#end, 'no'));
      else if (this.status !== 'opening') settle.resolve();
    }
    return this.#opened.promise;
  }

  handle(handler: Partial<CallbackHandler<Callbacks>>): Subscription {
    return this.#handlers.add(handler);
  }

  close(): Promise<SessionEnd> {
    const message = 'the client closed the session';
    if (this.status === 'created') this.#peer.session.abort(orderlyEnd('local', message));
    else if (this.#lasting === undefined || this.#lasting.gate.isOpen) this.#peer.close(message);
    else if (this.#isLeft && this.#lasting.gate.isEmpty) this.#peer.close(message);
    else if (this.#end === undefined) this.#closeWhenReady(this.#lasting.gate, message);
    return this.closed;
  }

  /** What waits for the session is to run before. */
  #closeWhenReady(gate: SessionGate, message: string): void {
    if (this.#closesWith !== undefined) return;
    this.#closesWith = message;
    gate.refuse(errorOf(orderlyEnd('local', message), 'no'));
    const { clock, closeTimeoutMs } = this.#options;
    clock.schedule(clock.now() + closeTimeoutMs, () => {
      const text = `not closed within ${closeTimeoutMs} ms`;
      if (this.#end === undefined) this.#peer.session.abort(endOf(new DuplexError('timeout', text)));
    });
  }

  abort(reason = 'the client aborted the session'): void {
    this.#peer.session.abort({ kind: 'aborted', origin: 'local', code: Code.OK, message: reason });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #dial(): void {
    if (this.status !== 'created') return;
    this.#setStatus('opening');
    this.#start(this.#peer);
  }

  // ---------------------------------------------------------------- one session after another

  #newPeer(opening: { readonly retryOpen?: boolean; readonly openTimeoutMs?: number } = {}): Peer<AnyClient> {
    const { dialer } = this.#options;
    const plan = peerPlan({
      ...this.#options,
      ...opening,
      contract: this.#contract,
      role: 'client',
      showsCredentials: this.#credentials !== undefined,
      concurrency: 'multiple',
      encoder: new ItemEncoder(),
      newErrorId: () => crypto.randomUUID(),
      deliver: this.#delivery?.deliver,
    });
    return new Peer(plan, this, (listener) => dialer.dial(this.#contract.wireName, listener));
  }

  #lastingCalls(): LastingCalls {
    return new LastingCalls({
      clock: this.#options.clock,
      obstacle: () => this.#obstacle(),
      call: (method, request, options) => this.#peer.call(method, request, options),
      outlasts: ({ kind }) => this.#end === undefined && this.#options.onLost === 'renew' && isLoss(kind),
      unsent: (method, error) => this.#peer.unsent(method, error),
      report: (error, method) => this.#report(error, method),
    });
  }

  /** Why calls wait, as far as that is known. */
  #obstacle(): string | undefined {
    const { state, obstacle } = this.#peer.session;
    if (this.#isLeft) return 'the session before it has not ended';
    return state === 'open' ? 'onSession is not done' : obstacle;
  }

  /** The present session is open: `onSession` goes first, then what waits. */
  async #prepare(lasting: LastingCalls): Promise<void> {
    const peer = this.#peer;
    const call = (method: MethodInfo, request: unknown, options: unknown): unknown =>
      peer.call(method, request, options as never);
    try {
      const service = createProxy<Operations>(this.#contract.operations, call);
      const prepared = this.#options.onSession?.({ service, previous: this.#previous });
      // Only then: what it sends in its first turn goes before what others send in it.
      if (prepared !== undefined) await prepared;
    } catch (error) {
      // What it could not do any more it does in the next session.
      if (peer === this.#peer && this.#isLeft) return;
      const { code, message } = DuplexError.from(error);
      const text = `onSession failed: ${message}`;
      // If the session is lost meanwhile, the next one is prepared anew.
      peer.session.abort({ kind: 'refused', origin: 'local', code, message: text });
      return;
    }
    if (peer !== this.#peer || this.#isLeft || peer.session.state === 'closed') return;
    lasting.gate.open();
    if (this.#closesWith !== undefined) peer.close(this.#closesWith);
  }

  /** Whether the client goes on with a new session after one that ended so. */
  #renews(end: SessionEnd): boolean {
    const wasOpen = this.status === 'opened' || this.status === 'resuming';
    return this.#options.onLost === 'renew' && wasOpen && (end.goingAway === true || isLoss(end.kind));
  }

  #renew(end: SessionEnd): void {
    this.#previous = end;
    const peer = this.#newPeer({ retryOpen: true, openTimeoutMs: this.#options.renewWindowMs });
    this.#peer = peer;
    this.#isLeft = false;
    this.#hub.hold();
    if (this.status !== 'resuming') this.#setStatus('resuming');
    if (end.kind !== 'closed') this.#reportLoss(end);
    // All clients of a service that goes away are told at the same moment; and who was too slow for it lets it rest.
    if ((end.goingAway || isEviction(end)) && peer.session.state === 'created') peer.driver.startLater(end);
    else this.#start(peer);
  }

  #start({ session, driver }: Peer<AnyClient>): void {
    // A subscriber or listener may have ended the client meanwhile.
    if (session.state === 'created') driver.start();
  }

  #setStatus(status: Status): void {
    this.#status = nextStatus(this.#status, status);
    this.#deliver(() => this.#statuses.next(status));
  }

  #deliver(run: () => void): void {
    if (this.#delivery === undefined) run();
    else this.#delivery.deliver(run);
  }

  #report(error: DuplexError, method?: MethodInfo): void {
    this.#options.onError(error, { contract: this.#contract.name, method: method?.localName });
  }

  #reportLoss(end: SessionEnd): void {
    this.#options.onLoss(errorOf(end, 'maybe'), { contract: this.#contract.name, method: undefined });
  }

  // ---------------------------------------------------------------- PeerOwner

  /** Only services are asked. */
  onOpening(): void {}

  onOpened(): void {
    this.#setStatus('opened');
    this.#opened?.resolve();
    // A subscriber may have ended the session.
    if (this.#lasting !== undefined && this.#peer.session.state !== 'closed') void this.#prepare(this.#lasting);
  }

  /** Only clients confirm. */
  onConfirmed(): void {}

  onCredentialsWanted(): void {
    this.#credentials?.wanted(this.#peer);
  }

  /** Only services are shown some. */
  onCredentials(): void {}

  onSuspended(): void {
    if (this.status === 'opened') this.#setStatus('resuming');
  }

  onResumed(): void {
    if (this.status === 'resuming' && !this.#isLeft) this.#setStatus('opened');
  }

  tell(method: MethodInfo, request: unknown): boolean {
    return this.#handlers.tell(method, request);
  }

  invoke(method: MethodInfo, request: unknown, call: IncomingCall<AnyClient>): unknown {
    return this.#handlers.invoke(method, request, call);
  }

  onState(state: unknown): void {
    const tell = (): void => {
      this.state = state as DeepReadonly<State>;
      this.#states.next(this.state);
    };
    if (this.#delivery === undefined) tell();
    else this.#delivery.deliverNewest(tell);
  }

  onClosing(end: SessionEnd): void {
    this.#hub.release();
    if (!this.#renews(end)) return this.#setStatus('closing');
    this.#isLeft = true;
    this.#lasting?.gate.close();
    if (this.status !== 'resuming') this.#setStatus('resuming');
  }

  onEnded(end: SessionEnd): void {
    // A stream that is tried again at once has to wait for the next session.
    if (this.#renews(end)) this.#lasting?.gate.close();
  }

  onClosed(end: SessionEnd): void {
    if (this.#renews(end)) return this.#renew(end);
    this.#end = end;
    this.#lasting?.gate.end(errorOf(end, 'no'));
    if (!isFinal(this.status)) this.#setStatus(isOrderly(end) ? 'closed' : 'faulted');
    const parted = this.#options.dialer.close();
    this.#opened?.reject(errorOf(end, 'no'));
    if (!isOrderly(end)) this.#reportLoss(end);
    this.#deliver(() => {
      this.#hub.complete();
      this.#states.complete();
      this.#statuses.complete();
      void parted.then(() => this.#resolveClosed(end));
    });
  }
}

/** Whether an end means that the session, and what it was told, is gone: another one may do as well. */
function isLoss(kind: string): boolean {
  return kind === 'lost' || kind === 'unavailable';
}
