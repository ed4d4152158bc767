import { aCount, resolveOptions } from '../calls/resolve-options.js';
import type { Contract } from '../contract/contract.js';
import { Code, DuplexError } from '../errors.js';
import type { SessionEnd } from '../session/session-end.js';
import { type GrpcConnections, grpcConnections } from '../transport/grpc/connections.js';
import type { DuplexClient } from './client-types.js';
import { clientOver, connect } from './connect.js';
import type { ConnectOptions } from './options.js';

/** Options of a channel factory: those of `connect`, for all its clients, and its own. */
export interface ChannelFactoryOptions<Callbacks = object, Operations = object>
  extends ConnectOptions<Callbacks, Operations> {
  /** Where the service is, such as `localhost:50051`. */
  readonly address: string;
  /**
   * `separate` (default) gives each client a connection of its own; with
   * `shared` they share some, so a thousand clients cost ten sockets, and a
   * broken connection makes up to a hundred sessions resume at once.
   */
  readonly connections?: 'separate' | 'shared';
  /** How many sessions a shared connection carries; servers have limits. Default: 100. */
  readonly sessionsPerConnection?: number;
  /** How many clients may live at a time. Default: 1,000. */
  readonly maxClients?: number;
}

/** Makes clients of one service that have their options in common, and ends them together. */
export interface ChannelFactory<Operations, Callbacks, State> extends AsyncDisposable {
  /** A new client, with a session of its own. Its own options go over those of the factory. Throws RESOURCE_EXHAUSTED. */
  create(options?: ConnectOptions<Callbacks, Operations>): DuplexClient<Operations, Callbacks, State>;
  /** The clients that live. */
  readonly clients: ReadonlySet<DuplexClient<Operations, Callbacks, State>>;
  /** Makes no more clients and closes all in order; see `DuplexClient.close`. May be called again. */
  close(): Promise<readonly SessionEnd[]>;
  /** Ends all at once. */
  abort(reason?: string): void;
}

/**
 * Makes a factory of clients. It dials nothing by itself. Throws
 * INVALID_ARGUMENT for an address that cannot be one.
 *
 * @example
 * await using factory = createChannelFactory(Chat, { address: 'chat.internal:50051', connections: 'shared' });
 * const [ann, bob] = [factory.create(), factory.create()];
 */
export function createChannelFactory<Operations, Callbacks, State>(
  contract: Contract<Operations, Callbacks, State>,
  options: ChannelFactoryOptions<Callbacks, Operations>,
): ChannelFactory<Operations, Callbacks, State> {
  return new Factory(contract, options);
}

type OwnOptions = Required<Pick<ChannelFactoryOptions, 'connections' | 'sessionsPerConnection' | 'maxClients'>>;

const defaults: OwnOptions = Object.freeze({ connections: 'separate', sessionsPerConnection: 100, maxClients: 1_000 });

class Factory<Operations, Callbacks, State> implements ChannelFactory<Operations, Callbacks, State> {
  readonly clients = new Set<DuplexClient<Operations, Callbacks, State>>();
  #isClosed = false;
  readonly #contract: Contract<Operations, Callbacks, State>;
  readonly #address: string;
  readonly #maxClients: number;
  readonly #common: ConnectOptions<Callbacks, Operations>;
  readonly #shared: GrpcConnections | undefined;

  constructor(contract: Contract<Operations, Callbacks, State>, options: ChannelFactoryOptions<Callbacks, Operations>) {
    const { address, maxClients, connections, sessionsPerConnection, ...common } = resolveOptions(defaults, options, {
      least: { resumeWindowMs: 0 },
      oneOf: { connections: ['separate', 'shared'] },
      kinds: { sessionsPerConnection: aCount, maxClients: aCount },
    });
    this.#contract = contract;
    this.#address = address;
    this.#maxClients = maxClients;
    this.#common = common;
    // Made in either case: a bad address is to show here.
    const shared = grpcConnections(address, common, sessionsPerConnection);
    if (connections === 'shared') this.#shared = shared;
  }

  create(options: ConnectOptions<Callbacks, Operations> = {}): DuplexClient<Operations, Callbacks, State> {
    if (this.#isClosed) throw refusal(Code.FAILED_PRECONDITION, 'the channel factory is closed');
    if (this.clients.size >= this.#maxClients) {
      throw refusal(
        Code.RESOURCE_EXHAUSTED,
        `the channel factory has its ${this.#maxClients} clients: close some, or raise maxClients`,
      );
    }
    const all = { ...this.#common, ...options };
    const client =
      this.#shared === undefined
        ? connect(this.#contract, this.#address, all)
        : clientOver(this.#contract, this.#shared.dialer(), all);
    this.clients.add(client);
    void client.closed.then(() => this.clients.delete(client));
    return client;
  }

  async close(): Promise<readonly SessionEnd[]> {
    this.#isClosed = true;
    const ends = await Promise.all([...this.clients].map((client) => client.close()));
    this.#shared?.close();
    return ends;
  }

  abort(reason = 'the channel factory was aborted'): void {
    this.#isClosed = true;
    for (const client of this.clients) client.abort(reason);
    this.#shared?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function refusal(code: Code, message: string): DuplexError {
  return new DuplexError('refused', message, { code });
}
