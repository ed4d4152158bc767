import { faultFrom } from '../calls/faults.js';
import type { IncomingCall } from '../calls/incoming/call.js';
import type { MethodProxy } from '../calls/method-types.js';
import { Peer, type PeerOwner } from '../calls/peer.js';
import type { PeerOptions, PeerPlan } from '../calls/peer-plan.js';
import { createProxy } from '../calls/proxy.js';
import type { Contract, MethodInfo } from '../contract/contract.js';
import type { Init } from '../contract/message-codec.js';
import { Code, DuplexError, type ErrorKind, Fault } from '../errors.js';
import { type Credentials, Reason } from '../gen/duplex/v1/session.js';
import { cleanText } from '../observability/clean-text.js';
import { isPromiseLike } from '../observability/hook.js';
import type { Issuer } from '../session/handshake.js';
import { endOf, orderlyEnd, type SessionEnd } from '../session/session-end.js';
import type { Admission } from './admission/admission.js';
import type { IdleWatch, Watched } from './idle-watch.js';
import type { Instances } from './instances.js';
import type { Caller, Gate } from './security/gate.js';
import type { Principal } from './security/principal.js';
import { Renewal, type RenewalOwner } from './security/renewal.js';
import { ResumeTokens } from './security/resume-tokens.js';
import type { ServiceHandler, ServiceSession, ServiceSessionStatus, SessionCounters } from './service-types.js';
import { type SessionState, sessionState } from './session-state.js';

/** What a session in a host is run with. */
export interface HostedSessionOptions extends PeerOptions {
  /** 0: an idle session stays. */
  readonly idleTimeoutMs: number;
  /** How long before its credentials end the client is asked for fresh ones; 0: never. */
  readonly credentialsLeadMs: number;
}

const noGroups: readonly Set<unknown>[] = [];

type SessionInstances<Operations, Callbacks, State> = Instances<
  ServiceSession<Callbacks, State>,
  ServiceHandler<Operations, Callbacks, State>
>;

/** Whose session it is. */
export interface SessionClient {
  readonly id: string;
  readonly peer: string;
  readonly principal: Principal | undefined;
}

/** Who rules over the sessions of a service. */
export interface SessionHouse<Session> {
  readonly gate: Gate;
  readonly admission: Admission;
  readonly idleWatch: IdleWatch;
  /** What can be seen of a session has changed. */
  changed(): void;
  /** A session is over. */
  over(session: Session, end: SessionEnd): void;
}

/** One client's session in a host: makes the object that serves it, runs its operations, disposes of it. */
export class HostedSession<Operations, Callbacks, State>
  implements
    ServiceSession<Callbacks, State>,
    PeerOwner<ServiceSession<Callbacks, State>>,
    Watched,
    RenewalOwner,
    Issuer
{
  readonly id: string;
  /** What the client has to show to resume this session. */
  readonly tokens = new ResumeTokens();
  /** Called when the client is known to have a token. */
  confirmed: (() => void) | undefined;
  readonly peer: string;
  principal: Principal | undefined;
  /** What the client shows by its present stream, while it has one. */
  caller: Caller | undefined;
  readonly #openedAt = Date.now();
  /** The members of the groups that it is in; it leaves them when it ends. */
  joined: readonly Set<unknown>[] = noGroups;
  #callback: MethodProxy<Callbacks> | undefined;
  readonly state: SessionState<State>;
  readonly link: Peer<ServiceSession<Callbacks, State>>;
  #isOpen = false;
  #end: SessionEnd | undefined;
  #closed: Promise<SessionEnd> | undefined;
  #resolveClosed: ((end: SessionEnd) => void) | undefined;
  #handler: ServiceHandler<Operations, Callbacks, State> | undefined;
  readonly #contract: Contract<Operations, Callbacks, State>;
  readonly #house: SessionHouse<HostedSession<Operations, Callbacks, State>>;
  /** Only where clients are authenticated. */
  readonly #renewal: Renewal | undefined;
  readonly #options: HostedSessionOptions;
  readonly #instances: SessionInstances<Operations, Callbacks, State>;

  constructor(
    contract: Contract<Operations, Callbacks, State>,
    instances: SessionInstances<Operations, Callbacks, State>,
    initialState: Init<State> | undefined,
    client: SessionClient,
    house: SessionHouse<HostedSession<Operations, Callbacks, State>>,
    plan: PeerPlan<HostedSessionOptions>,
  ) {
    this.#contract = contract;
    this.id = client.id;
    this.peer = client.peer;
    this.principal = client.principal;
    this.#house = house;
    this.#options = plan.options;
    const { clock, credentialsLeadMs } = plan.options;
    if (house.gate.asks) this.#renewal = new Renewal(clock, credentialsLeadMs, this);
    this.#instances = instances;
    this.link = new Peer(plan, this);
    this.state = sessionState(contract.state, initialState, (state, codec) => {
      // Before the session is open the value is only checked: the first snapshot will carry it.
      if (this.#isOpen) this.link.sendState(codec, state);
      else this.link.checkState(codec, state);
    });
  }

  get api(): ServiceSession<Callbacks, State> {
    return this;
  }

  get logFields(): PeerOwner<unknown>['logFields'] {
    const { id: sessionId, peer, principal } = this;
    return { sessionId, peer, ...(principal !== undefined && { principal: cleanText(principal.id) }) };
  }

  /** Made when it is first asked for, like much here: a host may hold ten thousand sessions that rest. */
  get closed(): Promise<SessionEnd> {
    this.#closed ??= new Promise((resolve) => {
      if (this.#end === undefined) this.#resolveClosed = resolve;
      else resolve(this.#end);
    });
    return this.#closed;
  }

  /** {@link Watched} */
  get activity(): number {
    return this.link.activity;
  }

  get isBusy(): boolean {
    return this.link.isBusy;
  }

  idle(): void {
    void this.close(`nothing was called for ${this.#options.idleTimeoutMs} ms`);
  }

  get since(): Date {
    return new Date(this.#openedAt);
  }

  get callback(): MethodProxy<Callbacks> {
    this.#callback ??= createProxy(this.#contract.callbacks, (method, request, call) =>
      this.link.call(method, request, call as never),
    );
    return this.#callback;
  }

  get status(): ServiceSessionStatus {
    const { state, isClosing } = this.link.session;
    if (state === 'closed') return 'closed';
    if (state === 'created' || state === 'opening') return 'opening';
    return isClosing ? 'closing' : state;
  }

  get counters(): SessionCounters {
    const { counters, session } = this.link;
    return { ...counters, ...session.sender.depths };
  }

  close(reason = 'the service closed the session'): Promise<SessionEnd> {
    this.link.close(reason);
    return this.closed;
  }

  /** Closes in order because the host goes away: its client may look for another. */
  dismiss(message: string): Promise<SessionEnd> {
    // Who is not let in yet is turned away, by what clients take for a reason to try again.
    if (this.status === 'opening')
      this.link.session.abort({ ...orderlyEnd('local', message), code: Code.UNAVAILABLE }, Reason.DRAINING);
    else this.link.close(message, Reason.DRAINING);
    return this.closed;
  }

  /** Ends the session at once because the host does not wait any longer. */
  cut(message: string, code: Code = Code.UNAVAILABLE): void {
    this.link.session.abort({ kind: 'aborted', origin: 'local', code, message });
  }

  /** {@link Holder} */
  tally(): number {
    return this.link.session.sender.holding?.tally() ?? 0;
  }

  hurry(): void {
    this.link.session.sender.holding?.hurry();
  }

  // ---------------------------------------------------------------- RenewalOwner

  /** Whether a client may go on with this session. */
  belongsTo(principal: Principal | undefined): boolean {
    return this.principal?.id === principal?.id;
  }

  ask(withinMs: number): void {
    this.link.session.controls.wantCredentials(withinMs);
  }

  identify(shown: Credentials): Principal | undefined | Promise<Principal | undefined> {
    if (this.caller === undefined) throw new DuplexError('lost', 'the client has left meanwhile');
    return this.#house.gate.identify(this.caller, shown);
  }

  renewed(principal: Principal | undefined): void {
    this.principal = principal;
    this.#house.changed();
  }

  refused(error: DuplexError): void {
    this.#house.admission.countRefused(error);
    this.link.session.abort(endOf(error), Reason.CREDENTIALS);
  }

  /** A client that can resume shows fresh credentials when it comes back, and nothing is lost; others have to go. */
  expired(): void {
    const { session, driver } = this.link;
    const mayReturn = session.level === 'session' && this.#options.resumeWindowMs > 0;
    const error = (kind: ErrorKind): DuplexError =>
      new DuplexError(kind, 'the credentials have expired', { code: Code.UNAUTHENTICATED });
    if (mayReturn) driver.drop(error('lost'));
    else this.refused(error('refused'));
  }

  /** The client has come back over a new stream, and shown anew who it is. */
  identifiedAs(principal: Principal | undefined, caller: Caller): void {
    this.principal = principal;
    this.caller = caller;
    this.#renewal?.identified(principal);
  }

  // ---------------------------------------------------------------- Issuer

  get sessionId(): Uint8Array {
    return Buffer.from(this.id, 'hex');
  }

  issueToken(): Uint8Array {
    return this.tokens.issue();
  }

  // ---------------------------------------------------------------- PeerOwner

  onOpening(): void {
    let made: ReturnType<SessionInstances<Operations, Callbacks, State>['enter']>;
    try {
      made = this.#instances.enter(this);
    } catch (error) {
      return this.#refuse(error);
    }
    if (!isPromiseLike(made)) return this.#accept(made);
    made.then(
      (handler) => this.#accept(handler),
      (error: unknown) => this.#refuse(error),
    );
  }

  #accept(handler: ServiceHandler<Operations, Callbacks, State> | undefined): void {
    this.#handler = handler;
    // The client may have left while the factory took its time.
    if (this.link.session.state === 'closed') this.#leave();
    else this.link.accept(this);
  }

  #refuse(thrown: unknown): void {
    const { fault: meant, error } = faultFrom(thrown, this.#options);
    const replacement = error === thrown ? undefined : this.#report(error);
    const fault = replacement instanceof Fault ? replacement : meant;
    const { code, message, retryAfterMs = 0 } = fault;
    const hint = retryAfterMs > 0 ? { retryAfterMs } : {};
    this.link.session.refuse(new DuplexError('refused', message, { code: code as Code, ...hint }));
  }

  onConfirmed(): void {
    this.tokens.confirm();
    this.confirmed?.();
  }

  /** Only clients are asked. */
  onCredentialsWanted(): void {}

  onCredentials(shown: Credentials): void {
    this.#renewal?.shown(shown);
  }

  onSuspended(): void {
    this.caller = undefined;
    this.#house.changed();
  }

  onResumed(): void {
    this.#house.changed();
  }

  /** The client's first snapshot is the state as the factory left it. */
  onOpened(): void {
    const { contract } = this.#options;
    this.#isOpen = true;
    this.#house.idleWatch.add(this);
    this.#renewal?.identified(this.principal);
    if (contract.state !== undefined) this.link.sendState(contract.state, this.state.value);
    this.#house.changed();
  }

  invoke(method: MethodInfo, request: unknown, call: IncomingCall<ServiceSession<Callbacks, State>>): unknown {
    const permitted = this.#house.gate.check(this.principal, method.name);
    if (permitted === undefined) return this.#admit(method, request, call);
    // Nobody waits any more for a call that was cancelled meanwhile, and a session may be over.
    return permitted.then(() => (call.isAborted ? undefined : this.#admit(method, request, call)));
  }

  #admit(method: MethodInfo, request: unknown, call: IncomingCall<ServiceSession<Callbacks, State>>): unknown {
    if (method.shape === 'one-way') return this.serve(method, request, call);
    return this.#house.admission.serveCounted(this, method, request, call);
  }

  /** Runs the handler of a call that is let in. */
  serve(method: MethodInfo, request: unknown, call: IncomingCall<ServiceSession<Callbacks, State>>): unknown {
    return this.#instances.run(this.#handler, method, request, call);
  }

  /** Services have states, they do not receive them. */
  onState(): void {}

  onClosing(): void {
    this.#house.changed();
  }

  onClosed(end: SessionEnd): void {
    this.#renewal?.stop();
    this.caller = undefined;
    for (const members of this.joined) members.delete(this);
    this.joined = noGroups;
    this.#end = end;
    this.#resolveClosed?.(end);
    this.#house.over(this, end);
    this.#house.idleWatch.delete(this);
    this.#leave();
  }

  #leave(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    void this.#instances.leave(handler);
  }

  #report(error: DuplexError): unknown {
    return this.#options.onError(error, { contract: this.#options.contract.name, method: undefined });
  }
}
