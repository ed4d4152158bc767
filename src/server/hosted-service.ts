import { type PeerPlan, peerPlan } from '../calls/peer-plan.js';
import { Observable } from '../calls/rx.js';
import { FanOut } from '../calls/streams/fan-out.js';
import type { Contract, MethodInfo } from '../contract/contract.js';
import { Code, DuplexError } from '../errors.js';
import { type Hello, Reason } from '../gen/duplex/v1/session.js';
import { logRefusal } from '../observability/session-log.js';
import { isOrderly, type SessionEnd } from '../session/session-end.js';
import type { IncomingCarrier } from '../transport/carrier.js';
import type { PlainMethod } from '../transport/grpc/plain-methods.js';
import { inMicrotask } from '../transport/microtask.js';
import { SharedAlarms } from '../transport/shared-alarms.js';
import { ItemEncoder } from '../wire/item-encoder.js';
import type { Admission } from './admission/admission.js';
import { reject, turnAway } from './farewell.js';
import { Deliveries } from './groups/delivery.js';
import { type Group, SessionGroup } from './groups/group.js';
import { HostedSession, type HostedSessionOptions, type SessionHouse } from './hosted-session.js';
import { IdleWatch } from './idle-watch.js';
import { Instances } from './instances.js';
import type { ResolvedHostOptions } from './options.js';
import { type Arrival, Reception, type ReceptionDesk } from './reception.js';
import { Gate } from './security/gate.js';
import type { Principal } from './security/principal.js';
import { Tombstones } from './security/tombstones.js';
import type { ResolvedServiceOptions } from './service-options.js';
import type { ServiceFactory, ServiceHandler, ServiceSession } from './service-types.js';
import { PlainCalls } from './sessionless/plain-calls.js';

/** A service in a host, with the sessions that are open on it. */
export interface Service<Callbacks, State, Who = unknown> {
  /** Live sessions by their id. */
  readonly sessions: ReadonlyMap<string, ServiceSession<Callbacks, State, Who>>;
  /**
   * The same map, when somebody subscribes and whenever a session opens, is
   * suspended or resumed, closes or is over. Completes when the host has stopped.
   */
  readonly sessions$: Observable<ReadonlyMap<string, ServiceSession<Callbacks, State, Who>>>;
  /** Makes an empty group of sessions, which are called back together. */
  group(): Group<Callbacks, State, Who>;
}

/** Keeps the sessions of one contract in a host. */
export class HostedService<Operations, Callbacks, State>
  implements Service<Callbacks, State>, ReceptionDesk, SessionHouse<HostedSession<Operations, Callbacks, State>>
{
  readonly sessions = new Map<string, HostedSession<Operations, Callbacks, State>>();
  readonly sessions$: Observable<ReadonlyMap<string, ServiceSession<Callbacks, State>>>;
  readonly #watchers = new FanOut<ReadonlyMap<string, ServiceSession<Callbacks, State>>>();
  #isChanging = false;
  readonly #deliveries: Deliveries;
  /** Sessions whose first Welcome may have been lost, by the nonce of the Hello. */
  readonly #unconfirmed = new Map<string, HostedSession<Operations, Callbacks, State>>();
  readonly #tombstones: Tombstones;
  readonly gate: Gate;
  readonly admission: Admission;
  readonly idleWatch: IdleWatch;
  #stopping = false;
  readonly contract: Contract<Operations, Callbacks, State>;
  readonly #instances: Instances<ServiceSession<Callbacks, State>, ServiceHandler<Operations, Callbacks, State>>;
  readonly #options: ResolvedServiceOptions<State, Callbacks>;
  readonly #plain: PlainCalls<Operations, Callbacks, State>;
  readonly #host: ResolvedHostOptions;
  /** Of streams that have not said yet what they want. */
  readonly #alarms: SharedAlarms;
  readonly #plan: PeerPlan<HostedSessionOptions>;

  constructor(
    contract: Contract<Operations, Callbacks, State>,
    factory: ServiceFactory<Operations, Callbacks, State>,
    options: ResolvedServiceOptions<State, Callbacks>,
    host: ResolvedHostOptions,
    admission: Admission,
  ) {
    this.contract = contract;
    this.#instances = new Instances(contract.name, options.instancing, factory, admission, (error) =>
      host.onError(error, { contract: contract.name, method: undefined }),
    );
    this.admission = admission;
    this.#deliveries = new Deliveries(options.slowClients);
    this.sessions$ = new Observable((subscriber) =>
      this.#watchers.add(subscriber, () => subscriber.next(this.sessions)),
    );
    this.gate = new Gate(contract.name, host);
    this.#tombstones = new Tombstones(host.clock, host.resumeWindowMs);
    this.idleWatch = new IdleWatch(host.clock, host.idleTimeoutMs);
    this.#options = options;
    this.#host = host;
    this.#alarms = new SharedAlarms(host.clock);
    this.#plain = new PlainCalls(contract, this.#instances, options.initialState, {
      ...{ host, admission },
      gate: this.gate,
    });
    this.#plan = peerPlan({
      ...host,
      contract,
      role: 'service',
      level: 'session',
      concurrency: options.concurrency,
      callLimits: admission.ofSession,
      heldBytes: admission.held,
      openTimeoutMs: host.handshakeTimeoutMs,
      retryOpen: false,
      encoder: new ItemEncoder(),
      newErrorId: () => crypto.randomUUID(),
      slowPolicy: (method: MethodInfo) => this.#deliveries.direct(method),
    });
  }

  group(): SessionGroup<Operations, Callbacks, State> {
    return new SessionGroup(this.contract, this.sessions, this.#plan.options.encoder, this.#deliveries);
  }

  /** The rpcs of the contract for clients without a session. */
  get plainMethods(): readonly PlainMethod[] {
    return this.#plain.methods;
  }

  /** Takes a stream that a client opened. */
  accept(carrier: IncomingCarrier): void {
    const { clock, handshakeTimeoutMs } = this.#host;
    try {
      this.admission.beginHandshake();
    } catch (thrown) {
      const error = DuplexError.from(thrown);
      this.refused(carrier, error);
      return carrier.depart({ how: 'end', error });
    }
    new Reception(carrier, this, clock, this.#alarms, handshakeTimeoutMs);
  }

  identify(carrier: IncomingCarrier, hello: Hello | undefined): ReturnType<Gate['identify']> {
    return this.gate.identify(carrier, hello?.credentials);
  }

  done(error?: DuplexError): void {
    this.admission.endHandshake();
    if (error !== undefined) this.admission.countRefused(error);
  }

  refused({ peer }: Pick<IncomingCarrier, 'peer'>, error: DuplexError): void {
    const { name: contract } = this.contract;
    logRefusal(this.#host.logger, { side: 'service', contract, peer }, error);
  }

  opens(arrival: Arrival, hello: Hello | undefined): boolean {
    const { carrier, principal, open } = arrival;
    const nonce = hello === undefined || hello.openNonce.length === 0 ? undefined : hex(hello.openNonce);
    const opened = nonce === undefined ? undefined : this.#unconfirmed.get(nonce);
    if (opened !== undefined && hello !== undefined && opened.belongsTo(principal)) {
      this.#goOn(opened, arrival, hello);
      return false;
    }
    if (this.contract.session === 'not-allowed') {
      const message = `${this.contract.name} has no sessions: call its rpcs without one`;
      return this.#turnAway(carrier, undefined, new DuplexError('refused', message));
    }
    if (this.#stopping) {
      return this.#turnAway(carrier, undefined, new DuplexError('unavailable', 'the host is stopping'));
    }
    try {
      this.admission.beginSession(principal);
    } catch (error) {
      return this.#turnAway(carrier, hello, DuplexError.from(error));
    }
    const { session, driver } = this.#make(carrier, principal, nonce).link;
    session.greeting = hello && { $case: 'hello', value: hello };
    driver.attach(open);
    return true;
  }

  #turnAway(carrier: IncomingCarrier, hello: Hello | undefined, error: DuplexError): false {
    this.refused(carrier, error);
    turnAway(carrier, this.#host.clock, hello, error);
    return false;
  }

  #make(
    carrier: IncomingCarrier,
    principal: Principal | undefined,
    nonce: string | undefined,
  ): HostedSession<Operations, Callbacks, State> {
    const id = crypto.randomUUID().replaceAll('-', '');
    const { initialState } = this.#options;
    const client = { id, peer: carrier.peer, principal };
    const session = new HostedSession(this.contract, this.#instances, initialState, client, this, this.#plan);
    session.caller = carrier;
    this.sessions.set(id, session);
    if (nonce !== undefined) {
      this.#unconfirmed.set(nonce, session);
      session.confirmed = () => {
        this.#unconfirmed.delete(nonce);
        session.confirmed = undefined;
      };
    }
    return session;
  }

  over(session: HostedSession<Operations, Callbacks, State>, end: SessionEnd): void {
    const { id, principal, tokens } = session;
    this.sessions.delete(id);
    this.admission.endSession(principal);
    session.confirmed?.();
    this.changed();
    // Whom the stop has cut, or who was too slow, must not be told later that all was in order.
    const isInOrder = isOrderly(end) && !this.#stopping && end.code !== Code.RESOURCE_EXHAUSTED;
    if (end.kind === 'closed' || isInOrder) this.#tombstones.add(id, tokens, principal?.id);
  }

  resumes(arrival: Arrival, hello: Hello): void {
    const { carrier, principal } = arrival;
    const id = hex(hello.sessionId);
    const session = this.sessions.get(id);
    if (session?.belongsTo(principal) && session.tokens.accepts(hello.token)) this.#goOn(session, arrival, hello);
    else {
      const reason = this.#tombstones.knows(id, hello.token, principal?.id) ? Reason.CLOSED : Reason.UNKNOWN_SESSION;
      if (reason === Reason.UNKNOWN_SESSION)
        this.refused(carrier, new DuplexError('refused', `there is no session ${id} to resume`));
      reject(carrier, this.#host.clock, reason);
    }
  }

  /**
   * Closes every session in order and takes no new ones. What is not done
   * after `drainMs` is cut; without that each session has its close time-out.
   */
  async stop(reason: string, drainMs: number | undefined): Promise<readonly SessionEnd[]> {
    this.#stopping = true;
    const { clock, closeTimeoutMs } = this.#host;
    const begunAt = clock.now();
    const cut = (): void => {
      for (const session of this.sessions.values()) {
        session.cut(`${reason}; it did not finish within ${drainMs} ms`);
      }
    };
    const timer = drainMs === undefined ? undefined : clock.schedule(begunAt + drainMs, cut);
    const ends = await Promise.all([...this.sessions.values()].map((session) => session.dismiss(reason)));
    const byMs =
      clock.now() + (drainMs === undefined ? closeTimeoutMs : Math.max(0, drainMs - (clock.now() - begunAt)));
    await this.#plain.stop(byMs);
    timer?.cancel();
    await this.#instances.stop(clock, byMs);
    this.#watchers.complete();
    return ends;
  }

  /** Told once for all that happens in a turn, and when it has happened. */
  changed(): void {
    if (this.#isChanging || !this.#watchers.isObserved) return;
    this.#isChanging = true;
    inMicrotask(() => {
      this.#isChanging = false;
      this.#watchers.next(this.sessions);
    });
  }

  #goOn(session: HostedSession<Operations, Callbacks, State>, arrival: Arrival, hello: Hello): void {
    const { carrier, principal, open } = arrival;
    if (session.link.driver.resume(open, hello)) session.identifiedAs(principal, carrier);
    else reject(carrier, this.#host.clock, Reason.SUPERSEDED);
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
