import type { Contract } from '../contract/contract.js';
import { Code, DuplexError } from '../errors.js';
import type { LogRecord } from '../observability/logger.js';
import type { SessionEnd } from '../session/session-end.js';
import type { IncomingCarrier } from '../transport/carrier.js';
import { type BoundAddress, GrpcListener, type GrpcServer, type ListenOptions } from '../transport/grpc/listener.js';
import type { PlainMethod } from '../transport/grpc/plain-methods.js';
import { Admission, type HostCounters } from './admission/admission.js';
import { HealthService } from './health-service.js';
import { HostedService, type Service } from './hosted-service.js';
import type { Instancing } from './instances.js';
import { type HostOptions, type ResolvedHostOptions, resolveHostOptions } from './options.js';
import { ReflectionService } from './reflection/reflection-service.js';
import type { Principal } from './security/principal.js';
import { type InstancingOptions, resolveServiceOptions, type ServiceOptions } from './service-options.js';
import type { InstanceFactory, ServiceFactory } from './service-types.js';

/** Serves duplex contracts to clients. */
export interface Host<Who = unknown> extends AsyncDisposable {
  /** What the host holds now, and what its limits have refused. */
  readonly counters: HostCounters;
  /**
   * Serves a contract: `factory` makes the object that serves one session when
   * the session opens, and may call back before the first operation. With
   * `instancing: 'per-call'` it makes one for each call; with `single` one for
   * all sessions, when the first of them opens, and then it takes no session.
   */
  add<Operations, Callbacks, State, Mode extends Instancing = 'per-session'>(
    contract: Contract<Operations, Callbacks, State>,
    factory: InstanceFactory<Mode, Operations, Callbacks, State, Who>,
    options?: ServiceOptions<NoInfer<State>, NoInfer<Callbacks>> & InstancingOptions<Mode>,
  ): Service<Callbacks, State, Who>;
  /**
   * Listens on an address such as `localhost:50051`, `[::]:0` or
   * `unix:/run/x.sock`; port 0 chooses a free one. May be called several times.
   * Rejects with an error that names the address and the cause.
   */
  listen(address: string, options?: ListenOptions): Promise<BoundAddress>;
  /**
   * Takes part in a grpc-js server that the caller binds and shuts down, beside
   * the caller's other services. Make it with `new Server(serverOptions())`:
   * the host warns of one that lacks what sessions need.
   */
  attach(server: GrpcServer): void;
  /**
   * Takes no new sessions, closes the others in order, frees the ports. What
   * has not finished after `drainMs` is cut. May be called again. Clients are
   * told the `reason`, and that another process may go on: those that renew
   * look for it. What served them is disposed of when it resolves; `onError`
   * hears of what could not be by then.
   */
  stop(reason?: string, options?: StopOptions): Promise<StopSummary>;
}

/** How a host stops. */
export interface StopOptions {
  /**
   * How long sessions may take to finish what runs, and what served them to be
   * disposed of; the host's `closeTimeoutMs` holds beside it. Default: that alone.
   */
  readonly drainMs?: number;
}

/** How the sessions of a host that stopped have ended. */
export interface StopSummary {
  /** In order: everything that was sent has arrived. */
  readonly closed: number;
  /** In another way: cut at the deadline, or lost meanwhile. */
  readonly aborted: number;
}

/** Makes a host. It does nothing until `listen` or `attach`. */
export function createHost<Who extends Principal | undefined = undefined>(options: HostOptions<Who> = {}): Host<Who> {
  // Principals go in and come out as they are; the host itself does not look at more than their ids.
  return new GrpcHost(resolveHostOptions(options as unknown as HostOptions)) as Host<Who>;
}

/** Brings in the streams of wire services: a port, or memory. */
export interface Listener {
  /** Hands every stream of the wire service to `accept`. */
  serve(wireName: string, accept: (carrier: IncomingCarrier) => void): void;
  /** Serves methods that have no session, where others than clients of contracts can come. */
  servePlain?(methods: readonly PlainMethod[]): void;
  shutdown(): Promise<void>;
}

/** A host whose streams come from a listener that the caller made. */
export function hostOn(listener: Listener, options: HostOptions = {}): Host {
  const host = new GrpcHost(resolveHostOptions(options));
  host.take(listener);
  return host;
}

type AnyService = HostedService<unknown, unknown, unknown>;

class GrpcHost implements Host {
  readonly #services: AnyService[] = [];
  readonly #listeners: Listener[] = [];
  #own: GrpcListener | undefined;
  #isStopped = false;
  readonly #health: HealthService | undefined;
  readonly #reflection: ReflectionService | undefined;
  readonly #options: ResolvedHostOptions;
  readonly #admission: Admission;

  constructor(options: ResolvedHostOptions) {
    this.#options = options;
    this.#admission = new Admission(options.limits, options.clock, () =>
      this.#services.flatMap((service) => [...service.sessions.values()]),
    );
    const { health, reflection } = options;
    if (health) this.#health = new HealthService();
    const contracts = () => this.#services.map(({ contract }) => contract);
    if (reflection) this.#reflection = new ReflectionService(contracts, health ? [HealthService.serviceName] : []);
  }

  add<Operations, Callbacks, State, Mode extends Instancing = 'per-session'>(
    contract: Contract<Operations, Callbacks, State>,
    factory: InstanceFactory<Mode, Operations, Callbacks, State>,
    options: ServiceOptions<State, Callbacks> & InstancingOptions<Mode> = {},
  ): Service<Callbacks, State> {
    const resolved = resolveServiceOptions(contract, factory, options);
    if (this.#services.some((added) => added.contract.name === contract.name)) {
      const message = `the host serves ${contract.wireName} already: add each contract once, or make another host`;
      throw new DuplexError('fault', message, { code: Code.ALREADY_EXISTS });
    }
    // One that takes no session does not mind to be given one.
    const make = factory as ServiceFactory<Operations, Callbacks, State>;
    const service = new HostedService(contract, make, resolved, this.#options, this.#admission);
    // The registry does not care for the types that each service was added with.
    const untyped = service as unknown as AnyService;
    for (const listener of this.#listeners) serve(listener, untyped);
    this.#services.push(untyped);
    this.#health?.serves(contract.wireName);
    this.#reflection?.forget();
    return service;
  }

  get counters(): HostCounters {
    return this.#admission.counters;
  }

  async listen(address: string, options: ListenOptions = {}): Promise<BoundAddress> {
    this.#own ??= this.take(new GrpcListener(this.#options.serverOptions));
    const bound = await this.#own.bind(address, options);
    this.#log('host.listening', `the host listens on ${bound.address}`, { address: bound.address });
    return bound;
  }

  attach(server: GrpcServer): void {
    this.take(new GrpcListener({}, server));
  }

  async stop(reason = 'the host is stopping', { drainMs }: StopOptions = {}): Promise<StopSummary> {
    this.#health?.leave();
    let ends: readonly SessionEnd[];
    try {
      ends = (await Promise.all(this.#services.map((service) => service.stop(reason, drainMs)))).flat();
    } finally {
      this.#health?.end();
      await Promise.all(this.#listeners.map((listener) => listener.shutdown()));
    }
    const closed = ends.filter(({ kind }) => kind === 'closed').length;
    const summary = { closed, aborted: ends.length - closed };
    if (!this.#isStopped) this.#log('host.stopped', `the host has stopped: ${reason}`, { reason, ...summary });
    this.#isStopped = true;
    return summary;
  }

  #log(event: LogRecord['event'], message: string, fields: Partial<LogRecord>): void {
    this.#options.logger.info({ event, message, side: 'service', ...fields });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  take<Taken extends Listener>(listener: Taken): Taken {
    for (const service of this.#services) serve(listener, service);
    for (const { methods } of [this.#health, this.#reflection].filter((known) => known !== undefined)) {
      listener.servePlain?.(methods);
    }
    this.#listeners.push(listener);
    return listener;
  }
}

function serve(listener: Listener, service: AnyService): void {
  listener.serve(service.contract.wireName, (carrier) => service.accept(carrier));
  listener.servePlain?.(service.plainMethods);
}
