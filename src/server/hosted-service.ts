import type { Contract } from '../contract/contract.js';
import { Code, DuplexError } from '../errors.js';
import { type Hello, Reason } from '../gen/duplex/v1/session.js';
import { rejectionFor } from '../session/handshake.js';
import { isOrderly, type SessionEnd } from '../session/session-end.js';
import type { IncomingCarrier } from '../transport/carrier.js';
import type { Dial } from '../transport/driver.js';
import type { PlainMethod } from '../transport/grpc/plain-methods.js';
import { controlFrame } from '../wire/control.js';
import { ItemEncoder } from '../wire/item-encoder.js';
import { HostedSession, type HostedSessionOptions } from './hosted-session.js';
import { Instances } from './instances.js';
import type { InstancingOptions, ResolvedHostOptions, ServiceOptions } from './options.js';
import { Reception, type ReceptionDesk } from './reception.js';
import type { ResumeTokens } from './resume-tokens.js';
import type { ServiceFactory, ServiceHandler, ServiceSession } from './service-types.js';
import { PlainCalls } from './sessionless/plain-calls.js';

/** Closed sessions that are remembered, so that a client which missed the end can be told. */
const MAX_TOMBSTONES = 10_000;
const noNumbers = Object.freeze({ seq: 0, ack: 0, backlog: 0 });

/** A service in a host, with the sessions that are open on it. */
export interface Service<Callbacks, State> {
  /** Live sessions by their id. */
  readonly sessions: ReadonlyMap<string, ServiceSession<Callbacks, State>>;
}

/** Keeps the sessions of one contract in a host. */
export class HostedService<Operations, Callbacks, State> implements Service<Callbacks, State>, ReceptionDesk {
  readonly sessions = new Map<string, HostedSession<Operations, Callbacks, State>>();
  /** Sessions whose first Welcome may have been lost, by the nonce of the Hello. */
  readonly #unconfirmed = new Map<string, HostedSession<Operations, Callbacks, State>>();
  readonly #tombstones = new Map<string, ResumeTokens>();
  #stopping = false;
  readonly contract: Contract<Operations, Callbacks, State>;
  readonly #instances: Instances<ServiceSession<Callbacks, State>, ServiceHandler<Operations, Callbacks, State>>;
  readonly #options: ServiceOptions<State>;
  readonly #plain: PlainCalls<Operations, Callbacks, State>;
  readonly #host: ResolvedHostOptions;
  readonly #sessionOptions: HostedSessionOptions;

  constructor(
    contract: Contract<Operations, Callbacks, State>,
    factory: ServiceFactory<Operations, Callbacks, State>,
    options: ServiceOptions<State> & InstancingOptions,
    host: ResolvedHostOptions,
  ) {
    this.contract = contract;
    this.#instances = new Instances(options.instancing ?? 'per-session', factory, (error) =>
      host.onError(error, { contract: contract.name, method: undefined }),
    );
    this.#options = options;
    this.#host = host;
    this.#plain = new PlainCalls(contract, this.#instances, options.initialState, host);
    this.#sessionOptions = {
      ...host,
      contract,
      role: 'service',
      level: 'session',
      concurrency: options.concurrency ?? 'single',
      openTimeoutMs: host.handshakeTimeoutMs,
      retryOpen: false,
      encoder: new ItemEncoder(),
      newErrorId: () => crypto.randomUUID(),
    };
  }

  /** The rpcs of the contract for clients without a session. */
  get plainMethods(): readonly PlainMethod[] {
    return this.#plain.methods;
  }

  /** Takes a stream that a client opened. */
  accept(carrier: IncomingCarrier): void {
    new Reception(carrier, this, this.#host.clock, this.#host.handshakeTimeoutMs);
  }

  opens(carrier: IncomingCarrier, open: Dial, hello: Hello | undefined): boolean {
    const nonce = hello === undefined || hello.openNonce.length === 0 ? undefined : hex(hello.openNonce);
    const opened = nonce === undefined ? undefined : this.#unconfirmed.get(nonce);
    if (opened !== undefined && hello !== undefined) {
      this.#goOn(opened, carrier, open, hello);
      return false;
    }
    if (this.contract.session === 'not-allowed') {
      const message = `${this.contract.name} has no sessions: call its rpcs without one`;
      carrier.depart({ how: 'end', error: new DuplexError('refused', message) });
      return false;
    }
    if (this.#stopping) {
      const error = new DuplexError('unavailable', 'the host is stopping', { code: Code.UNAVAILABLE });
      carrier.depart({ how: 'end', error });
      return false;
    }
    if (this.sessions.size >= this.#host.maxSessions) {
      const message = `the service has its ${this.#host.maxSessions} sessions`;
      carrier.depart({ how: 'end', error: new DuplexError('refused', message, { code: Code.RESOURCE_EXHAUSTED }) });
      return false;
    }
    const id = hex(crypto.getRandomValues(new Uint8Array(16)));
    const { initialState } = this.#options;
    const options = this.#sessionOptions;
    const session = new HostedSession(this.contract, this.#instances, initialState, id, carrier.peer, options);
    this.sessions.set(id, session);
    if (nonce !== undefined) {
      this.#unconfirmed.set(nonce, session);
      session.confirmed = () => this.#unconfirmed.delete(nonce);
    }
    void session.closed.then((end) => {
      this.sessions.delete(id);
      if (nonce !== undefined) this.#unconfirmed.delete(nonce);
      if (isOrderly(end)) this.#bury(id, session.tokens);
    });
    session.link.driver.attach(open);
    return true;
  }

  resumes(carrier: IncomingCarrier, open: Dial, hello: Hello): void {
    const id = hex(hello.sessionId);
    const session = this.sessions.get(id);
    if (session?.tokens.accepts(hello.token)) this.#goOn(session, carrier, open, hello);
    else if (this.#tombstones.get(id)?.accepts(hello.token)) reject(carrier, Reason.CLOSED);
    else reject(carrier, Reason.UNKNOWN_SESSION);
  }

  /**
   * Closes every session in order and takes no new ones. What is not done
   * after `drainMs` is cut; without that each session has its close time-out.
   */
  async stop(reason: string, drainMs: number | undefined): Promise<readonly SessionEnd[]> {
    this.#stopping = true;
    const { clock } = this.#host;
    const cut = (): void => {
      for (const session of this.sessions.values()) {
        session.abort(`${reason}; it did not finish within ${drainMs} ms`, Code.UNAVAILABLE);
      }
    };
    const timer = drainMs === undefined ? undefined : clock.schedule(clock.now() + drainMs, cut);
    const ends = await Promise.all([...this.sessions.values()].map((session) => session.close(reason)));
    await this.#plain.stop();
    timer?.cancel();
    await this.#instances.stop();
    return ends;
  }

  #goOn(
    session: HostedSession<Operations, Callbacks, State>,
    carrier: IncomingCarrier,
    open: Dial,
    hello: Hello,
  ): void {
    if (!session.link.driver.resume(open, hello, () => session.tokens.issue())) reject(carrier, Reason.SUPERSEDED);
  }

  #bury(id: string, tokens: ResumeTokens): void {
    const { clock, resumeWindowMs } = this.#host;
    if (resumeWindowMs === 0 || this.#tombstones.size >= MAX_TOMBSTONES) return;
    this.#tombstones.set(id, tokens);
    clock.schedule(clock.now() + resumeWindowMs, () => this.#tombstones.delete(id));
  }
}

/** Says why a session cannot be resumed, and ends the stream. */
function reject(carrier: IncomingCarrier, reason: Reason): void {
  const frame = controlFrame({ $case: 'welcome', value: rejectionFor(reason) }, noNumbers);
  carrier.write(frame, () => carrier.depart({ how: 'end' }));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
