import {
  type ConnectOptions,
  connect,
  createHost,
  type DuplexError,
  type ErrorSource,
  type Host,
  type HostOptions,
  type InstancingOptions,
  type Service,
  type ServiceOptions,
} from 'grpc-duplex';
import { onTestFinished } from 'vitest';
import { Everything } from './gen/testing/v1/everything_duplex.js';

/** An error that went to an `onError`, and where it came from. */
export interface Reported extends ErrorSource {
  readonly error: DuplexError;
}

/** A host that serves `Everything` on a free port until the test is finished. */
export interface Serving {
  readonly host: Host;
  readonly address: string;
  readonly port: number;
  readonly service: Service<Everything.Callbacks, Everything.State>;
  /** What `onError` heard. */
  readonly errors: readonly Reported[];
  /** Every session that was ever opened, oldest first. */
  readonly sessions: readonly Everything.Session[];
}

/** Makes what serves one session. Operations that it leaves out are UNIMPLEMENTED. */
export type MakeService = (
  session: Everything.Session,
) => Partial<Everything.Handler> | PromiseLike<Partial<Everything.Handler>>;

/** A service that leaves out some operations: those are UNIMPLEMENTED. */
export function partly(handler: Partial<Everything.Handler>): Everything.Handler {
  return handler as Everything.Handler;
}

type AddOptions = ServiceOptions<Everything.State, Everything.Callbacks> &
  InstancingOptions<'per-session' | 'per-call'>;
/** Options of the host and of the service. */
export type ServeOptions = HostOptions & AddOptions;

function addEverything(
  host: Host,
  make: MakeService,
  options: AddOptions,
): Service<Everything.Callbacks, Everything.State> {
  return host.add(Everything, make as (session: Everything.Session) => Everything.Handler, options);
}

/** Serves `Everything` by what `make` makes for each session. */
export async function serve(make: MakeService = () => ({}), options: ServeOptions = {}): Promise<Serving> {
  const { initialState, concurrency, instancing, slowClients, ...hostOptions } = options;
  const errors: Reported[] = [];
  const sessions: Everything.Session[] = [];
  const host = createHost({ onError: (error, source) => errors.push({ error, ...source }), ...hostOptions });
  const service = addEverything(
    host,
    (session) => {
      sessions.push(session);
      return make(session);
    },
    {
      ...(initialState && { initialState }),
      ...(concurrency && { concurrency }),
      ...(instancing && { instancing }),
      ...(slowClients && { slowClients }),
    },
  );
  const { address, port } = await host.listen('localhost:0');
  onTestFinished(() => {
    void host.stop();
  });
  return { host, address, port, service, errors, sessions };
}

/** A client of `Everything`, and what its `onError` heard. It is aborted when the test is finished. */
export interface Joined {
  readonly client: Everything.Client;
  readonly errors: readonly Reported[];
}

/** Connects to a service of `Everything`. Nothing is dialled yet. */
export function join(
  address: string,
  options: ConnectOptions<Everything.Callbacks, Everything.Operations> = {},
): Joined {
  const errors: Reported[] = [];
  const client = connect(Everything, address, {
    onError: (error, source) => errors.push({ error, ...source }),
    ...options,
  });
  onTestFinished(() => client.abort());
  return { client, errors };
}
