import type { ErrorSource } from '../calls/call-channel.js';
import type { DuplexClient } from '../client/client-types.js';
import { clientOver } from '../client/connect.js';
import type { ConnectOptions } from '../client/options.js';
import type { Contract } from '../contract/contract.js';
import type { DuplexError } from '../errors.js';
import { hostOn } from '../server/host.js';
import type { Service } from '../server/hosted-service.js';
import type { HostOptions } from '../server/options.js';
import type { ServiceOptions } from '../server/service-options.js';
import type { ServiceFactory } from '../server/service-types.js';
import { MemoryNetwork } from './memory-network.js';
import { VirtualClock } from './virtual-clock.js';

/** So many turns may bring something new in one `settle`; more means that two sides talk for ever. */
const MAX_TURNS = 10_000;
/** Nothing new in so many turns is rest: code under test may take a turn or two of its own. */
const QUIET_TURNS = 3;
/** Longer than any time-out that ends a session which closes. */
const AGES_MS = 3_600_000;

/** What a test link may be told. */
export interface TestLinkOptions<Operations, Callbacks, State> {
  /** Options of the link's client; those of `connect`. */
  readonly client?: ConnectOptions<Callbacks, Operations>;
  /** Options of the host; those of `createHost`. */
  readonly host?: HostOptions;
  /** Options of the service; those of `host.add`. */
  readonly service?: ServiceOptions<State>;
  /** A clock that the code under test knows already; default: a new one. */
  readonly clock?: VirtualClock;
}

/** An error that no caller awaited, and the side that reported it. */
export interface ReportedError extends ErrorSource {
  readonly side: 'client' | 'service';
  readonly error: DuplexError;
}

/** A client and a service in one process, over a network in memory and a clock that the test moves. */
export interface TestLink<Operations, Callbacks, State> extends AsyncDisposable {
  /** As `connect` makes it: it dials with its first use. */
  readonly client: DuplexClient<Operations, Callbacks, State>;
  /** As `host.add` returns it. */
  readonly service: Service<Callbacks, State>;
  readonly clock: VirtualClock;
  /** What went to `onError` on either side, unless the options have one. */
  readonly errors: readonly ReportedError[];
  /** A further client of the same service. */
  connect(options?: ConnectOptions<Callbacks, Operations>): DuplexClient<Operations, Callbacks, State>;
  /**
   * Breaks every connection; attempts to connect wait until `restore`. With
   * `silent` nobody is told, so that only missing answers to pings show it.
   */
  cut(options?: { readonly silent?: boolean }): void;
  /** Lets connections through again: what waited connects, and sessions resume. */
  restore(): void;
  /** Waits until both sides have done all that they can without time passing. */
  settle(): Promise<void>;
}

/**
 * Links a client to a service for a test: the real session, calls and
 * callbacks, with memory for a network and a clock that stands still. Dispose
 * of it, best by `await using`, and every session is over.
 *
 * @example
 * await using link = await testLink(Chat, createChat);
 * link.client.service.post({ text: 'x' });
 * link.cut(); await link.clock.advance(15_000); link.restore(); await link.settle();
 */
export async function testLink<Operations, Callbacks, State>(
  contract: Contract<Operations, Callbacks, State>,
  factory: ServiceFactory<Operations, Callbacks, State>,
  options: TestLinkOptions<Operations, Callbacks, State> = {},
): Promise<TestLink<Operations, Callbacks, State>> {
  const network = new MemoryNetwork();
  const clock = options.clock ?? new VirtualClock();
  const errors: ReportedError[] = [];
  const reporting = (side: ReportedError['side']) => (error: DuplexError, source: ErrorSource) =>
    void errors.push({ side, error, ...source });
  const host = hostOn(network, { onError: reporting('service'), ...options.host, clock });
  const service = host.add(contract, factory, options.service);
  const clients: DuplexClient<Operations, Callbacks, State>[] = [];
  const connect = (own: ConnectOptions<Callbacks, Operations> = {}): DuplexClient<Operations, Callbacks, State> => {
    // A client that connects again does it at once: the test says when the network is back.
    const defaults = { onError: reporting('client'), backoff: { firstMs: 0, maxMs: 0 } };
    const client = clientOver(contract, network, { ...defaults, ...own, clock });
    clients.push(client);
    return client;
  };
  return {
    client: connect(options.client),
    service,
    clock,
    errors,
    connect,
    cut: ({ silent = false } = {}) => network.cut(silent),
    restore: () => network.restore(),
    settle: () => rest(network, clock),
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.abort('the test is over');
      network.restore();
      const stopped = host.stop('the test is over');
      await clock.advance(AGES_MS);
      await stopped;
    },
  };
}

async function rest(network: MemoryNetwork, clock: VirtualClock): Promise<void> {
  let quiet = 0;
  for (let turns = 0; turns < MAX_TURNS; turns++) {
    const before = network.traffic;
    await clock.advance(0);
    quiet = network.traffic === before ? quiet + 1 : 0;
    if (quiet === QUIET_TURNS) return;
  }
  throw new Error(`the link does not come to rest: after ${MAX_TURNS} turns client and service still talk`);
}
