import { Code, DuplexError } from '../errors.js';
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthListResponse,
  HealthCheckResponse_ServingStatus as Status,
} from '../gen/grpc/health/v1/health.js';
import type { PlainMethod, Watcher } from '../transport/grpc/plain-methods.js';

const service = 'grpc.health.v1.Health';

/** Who watches the health of one service, and what it was last told. */
interface Watch {
  readonly name: string;
  readonly watcher: Watcher;
  told: Status;
}

/**
 * The health checking service of gRPC, which load balancers and Kubernetes
 * ask. The empty name is the host as a whole. Source: grpc/health/v1/health.proto.
 */
export class HealthService {
  static readonly serviceName = service;
  readonly #statuses = new Map<string, Status>([['', Status.SERVING]]);
  readonly #watches = new Set<Watch>();

  /** The methods to serve. */
  get methods(): readonly PlainMethod[] {
    return [
      {
        ...{ path: `/${service}/Check`, kind: 'unary' },
        answer: (request: Uint8Array) => HealthCheckResponse.encode({ status: this.#check(nameIn(request)) }).finish(),
      },
      {
        ...{ path: `/${service}/Watch`, kind: 'watch' },
        watch: (request, watcher) => this.#watch(nameIn(request), watcher),
      },
      {
        ...{ path: `/${service}/List`, kind: 'unary' },
        answer: () => HealthListResponse.encode({ statuses: this.#list() }).finish(),
      },
    ];
  }

  /** From now on the service is healthy. */
  serves(name: string): void {
    this.#set(name, Status.SERVING);
  }

  /** Nothing is healthy any more, so that nobody is sent here while the host closes. */
  leave(): void {
    for (const name of this.#statuses.keys()) this.#set(name, Status.NOT_SERVING);
  }

  /** Lets the watchers go. */
  end(): void {
    for (const { watcher } of this.#watches) watcher.end();
    this.#watches.clear();
  }

  #check(name: string): Status {
    const status = this.#statuses.get(name);
    if (status !== undefined) return status;
    throw new DuplexError('fault', `no service of this name is served here`, { code: Code.NOT_FOUND });
  }

  #list(): Record<string, HealthCheckResponse> {
    return Object.fromEntries([...this.#statuses].map(([name, status]) => [name, { status }]));
  }

  #watch(name: string, watcher: Watcher): () => void {
    const told = this.#statuses.get(name) ?? Status.SERVICE_UNKNOWN;
    const watch: Watch = { name, watcher, told };
    this.#watches.add(watch);
    watcher.next(HealthCheckResponse.encode({ status: told }).finish());
    return () => this.#watches.delete(watch);
  }

  #set(name: string, status: Status): void {
    this.#statuses.set(name, status);
    for (const watch of this.#watches) {
      if (watch.name !== name || watch.told === status) continue;
      watch.told = status;
      watch.watcher.next(HealthCheckResponse.encode({ status }).finish());
    }
  }
}

function nameIn(request: Uint8Array): string {
  return HealthCheckRequest.decode(request).service;
}
