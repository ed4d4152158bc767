import type { PeerOptions } from '../calls/peer.js';
import type { Contract } from '../contract/contract.js';
import { Code, DuplexError } from '../errors.js';
import type { SessionEnd } from '../session/session-end.js';
import { defaultTerms } from '../session/terms.js';
import type { IncomingCarrier } from '../transport/carrier.js';
import { ItemEncoder } from '../wire/item-encoder.js';
import { HostedSession } from './hosted-session.js';
import type { ResolvedHostOptions, ServiceOptions } from './options.js';
import type { ServiceFactory, ServiceSession } from './service-types.js';

/** A service in a host, with the sessions that are open on it. */
export interface Service<Callbacks, State> {
  /** Live sessions by their id. */
  readonly sessions: ReadonlyMap<string, ServiceSession<Callbacks, State>>;
}

/** Keeps the sessions of one contract in a host. */
export class HostedService<Operations, Callbacks, State> implements Service<Callbacks, State> {
  readonly sessions = new Map<string, HostedSession<Operations, Callbacks, State>>();
  #stopping = false;
  readonly contract: Contract<Operations, Callbacks, State>;
  readonly #factory: ServiceFactory<Operations, Callbacks, State>;
  readonly #options: ServiceOptions<State>;
  readonly #peerOptions: PeerOptions;

  constructor(
    contract: Contract<Operations, Callbacks, State>,
    factory: ServiceFactory<Operations, Callbacks, State>,
    options: ServiceOptions<State>,
    host: ResolvedHostOptions,
  ) {
    this.contract = contract;
    this.#factory = factory;
    this.#options = options;
    this.#peerOptions = {
      contract,
      role: 'service',
      level: 'session',
      concurrency: options.concurrency === 'multiple' ? defaultTerms.calls : 1,
      openTimeoutMs: host.handshakeTimeoutMs,
      closeTimeoutMs: host.closeTimeoutMs,
      pingMs: host.pingMs,
      pingTimeoutMs: host.pingTimeoutMs,
      clock: host.clock,
      encoder: new ItemEncoder(),
      onError: host.onError,
      includeErrorDetail: host.includeErrorDetail,
      newErrorId: () => crypto.randomUUID(),
    };
  }

  /** Takes a stream that wants a session. */
  accept(carrier: IncomingCarrier): void {
    if (this.#stopping) {
      const error = new DuplexError('unavailable', 'the host is stopping', { code: Code.UNAVAILABLE });
      return carrier.depart({ how: 'end', error });
    }
    const { contract } = this;
    const session = new HostedSession(contract, this.#factory, this.#options.initialState, carrier.peer, this.#peerOptions);
    this.sessions.set(session.id, session);
    void session.closed.then(() => this.sessions.delete(session.id));
    carrier.listen(session.link.driver);
    session.link.driver.attach(carrier);
  }

  /** Closes every session in order and takes no new ones. */
  async stop(reason: string): Promise<readonly SessionEnd[]> {
    this.#stopping = true;
    return Promise.all([...this.sessions.values()].map((session) => session.close(reason)));
  }
}
