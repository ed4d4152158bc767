import { type ConnectOptions, resolveConnectOptions } from '../../../src/client/options.js';
import { Code, Fault } from '../../../src/errors.js';
import { Admission } from '../../../src/server/admission/admission.js';
import { HostedService } from '../../../src/server/hosted-service.js';
import { type HostOptions, resolveHostOptions } from '../../../src/server/options.js';
import type { SessionOptions } from '../../../src/session/session-options.js';
import { defaultTerms } from '../../../src/session/terms.js';
import type { Clock } from '../../../src/transport/clock.js';
import { Everything } from '../gen/testing/v1/everything_duplex.js';
import { History } from './checks/history.js';
import { asHeard } from './older.js';
import type { Plan, Step } from './plan.js';
import { ClientProgram } from './programs/client-program.js';
import type { Surroundings } from './programs/errand.js';
import { ServiceProgram } from './programs/service-program.js';
import { Network } from './world/network.js';
import { Random } from './world/random.js';
import { Process, World } from './world/world.js';

/** A broken promise. */
export interface Violation {
  readonly t: number;
  readonly rule: string;
  readonly message: string;
}

/** The world of one plan: a network, clients, and a service that may be started anew. */
export class Simulation {
  readonly world = new World();
  readonly history = new History(() => this.world.now);
  readonly network: Network;
  readonly clients = new Map<string, ClientProgram>();
  readonly services: ServiceProgram[] = [];
  readonly violations: Violation[] = [];
  /** How often each change of state was seen, e.g. `client open cut resuming`. */
  readonly moves = new Map<string, number>();
  /** The service that runs now, and those that ran before. */
  readonly servers: { readonly process: Process; readonly service: HostedService<never, never, never> }[] = [];
  readonly #random: Random;
  readonly #surroundings: Surroundings;
  readonly plan: Plan;

  constructor(plan: Plan) {
    this.plan = plan;
    this.#random = new Random(plan.seed ^ 0x5eed);
    const { world, history } = this;
    const mayForget = !plan.settings.isNarrow;
    const isCalm = plan.faults.length === 0;
    const isReliable = plan.settings.level === 'session' || (isCalm && !plan.settings.idles);
    this.#surroundings = {
      world,
      history,
      report: (rule, message) => this.report(rule, message),
      mayForget,
      // A plain frame has one item only.
      isPrompt: isCalm && mayForget && plan.settings.frameItems > 100 && plan.settings.level === 'session',
      isReliable,
      isAcknowledged: plan.settings.level === 'session',
    };
    const heard = asHeard(plan.settings.older, this.#random.fork('older'));
    this.network = new Network(this.#surroundings, this.#random.fork('network'), plan.settings.network, heard);
  }

  report(rule: string, message: string): void {
    this.violations.push({ t: this.world.now, rule, message });
  }

  /** Starts the service, without a memory of any that ran before. */
  startServer(): void {
    const process = new Process(`S${this.servers.length}`, this.world);
    const { settings } = this.plan;
    const { resumeWindowMs, pingMs, pingTimeoutMs, closeTimeoutMs, concurrency, refuses } = settings;
    const onError = (error: Error): void => this.#reported(process.name, error);
    const options = resolveHostOptions({
      clock: process.clock,
      onError,
      resumeWindowMs,
      pingMs,
      pingTimeoutMs,
      closeTimeoutMs,
      ...(refuses === 'limits' && { limits: { sessions: 1 } }),
      ...this.#authentication(process),
    });
    const service = new HostedService(
      Everything,
      (session) => this.#serve(process, session),
      { concurrency, instancing: 'per-session', slowClients: {} },
      { ...options, ...{ engine: this.#engine('service', process.name) } },
      new Admission(options.limits),
    );
    this.servers.push({ process, service: service as never });
    this.network.server = { process, accept: (carrier) => service.accept(carrier) };
  }

  /** The process dies, and all that it knew with it. */
  killServer(): Process | undefined {
    const process = this.servers.at(-1)?.process;
    if (process !== undefined) process.alive = false;
    this.network.server = undefined;
    return process;
  }

  /** A client that connects, and what it does at once: the first of that may go with its Hello. */
  connect(name: string, first: readonly Step[]): void {
    const process = new Process(name, this.world);
    const { resumeWindowMs, pingMs, pingTimeoutMs, closeTimeoutMs, retryOpen } = this.plan.settings;
    const dialer = {
      address: 'network',
      dial: (_wireName: string, listener: Parameters<Network['dial']>[1]) => this.network.dial(process, listener),
      close: () => Promise.resolve(),
    };
    const resolved = resolveConnectOptions<Everything.Callbacks, Everything.Operations>(dialer, {
      onError: (error) => this.#reported(name, error),
      level: this.plan.settings.level,
      openTimeoutMs: 10_000,
      retryOpen,
      resumeWindowMs,
      closeTimeoutMs,
      pingMs,
      pingTimeoutMs,
      clock: process.clock,
      ...this.#credentials(process),
    });
    const options = { ...resolved, engine: this.#engine('client', name) };
    const client = new ClientProgram(process, options, this.#surroundings, (service) =>
      this.services.find((program) => program.name === service),
    );
    this.clients.set(name, client);
    for (const step of first) client.perform(step);
  }

  /** What a client shows in its session: its name. Its function takes its time. */
  #credentials({ name, clock }: Process): Pick<ConnectOptions, 'sessionCredentials'> {
    if (this.plan.credentialsMs === undefined) return {};
    const random = this.#random.fork(`credentials ${name}`);
    return { sessionCredentials: () => later(clock, random.pick([0, 1, 300]), () => ({ scheme: 'sim', value: name })) };
  }

  /** How the service finds out who a client is. However late that is, its credentials last from then on. */
  #authentication({ name, clock }: Process): Pick<HostOptions, 'authenticate'> {
    const { credentialsMs } = this.plan;
    const refuses = this.plan.settings.refuses === 'authentication';
    if (credentialsMs === undefined && !refuses) return {};
    const random = this.#random.fork(`authentication ${name}`);
    return {
      authenticate: ({ credentials, peer }) => {
        const id = credentials === undefined ? 'anybody' : new TextDecoder().decode(credentials.value);
        return later(clock, random.pick([0, 1, 100]), () => {
          if (refuses && this.#isUnwanted(peer)) throw new Fault(Code.UNAUTHENTICATED, 'not you');
          return { id, ...(credentialsMs !== undefined && { expiresAt: new Date(clock.date() + credentialsMs) }) };
        });
      },
    };
  }

  /** Whether the service turns a client away, whenever it comes, where it turns anybody away. */
  #isUnwanted(peer: string): boolean {
    return this.#random.fork(`unwanted ${peer}`).chance(0.5);
  }

  /** Has a program do what the plan says, when its process comes to it. */
  perform(step: Step): void {
    const name = `c${step.on.slice(1)}`;
    if (step.on.startsWith('c')) {
      const client = this.clients.get(name);
      if (client === undefined) return;
      this.world.schedule(client.process, this.world.now, 'io', () => client.perform(step));
    } else {
      for (const service of this.servicesOf(name)) {
        this.world.schedule(service.process, this.world.now, 'io', () => service.perform(step));
      }
    }
  }

  /** The living programs that serve a client. */
  servicesOf(name: string): readonly ServiceProgram[] {
    return this.services.filter(({ process, end, client, peer }) => {
      return process.alive && end === undefined && (client?.name ?? peer) === name;
    });
  }

  #serve(process: Process, session: Everything.Session): Everything.Handler | Promise<Everything.Handler> {
    const { factoryMs, refuses } = this.plan.settings;
    if (refuses === 'factory' && this.#isUnwanted(session.peer)) {
      const fault = new Fault(Code.PERMISSION_DENIED, 'not you');
      if (factoryMs === 0) throw fault;
      return later(process.clock, factoryMs, () => {
        throw fault;
      });
    }
    const serial = this.services.filter((service) => service.process === process).length;
    const name = `${process.name}.${serial}`;
    this.history.add({ what: 'session', who: name, server: process.name, id: session.id });
    const twin = session.peer === 'ghost' ? undefined : this.servicesOf(session.peer)[0];
    if (twin !== undefined) this.report('orphan', `${session.peer} gets ${name}, but ${twin.name} still waits for it`);
    const program = new ServiceProgram(name, process, session, this.#surroundings, (client) =>
      this.clients.get(client),
    );
    this.services.push(program);
    // No plan asks for the operations that are missing.
    const handler = program as unknown as Everything.Handler;
    if (factoryMs === 0) return handler;
    return new Promise((resolve) => {
      this.world.schedule(process, this.world.now + factoryMs, 'timer', () => resolve(handler));
    });
  }

  #engine(role: string, who: string): Partial<SessionOptions> {
    const { pingMs, pingTimeoutMs, resumeWindowMs, windowItems, windowBytes, frameItems, waitingItems, isNarrow } =
      this.plan.settings;
    const random = this.#random.fork(`engine ${who}`);
    return {
      random: () => random.next(),
      randomBytes: (length) => random.bytes(length),
      terms: { ...defaultTerms, pingMs, pingTimeoutMs, ttlMs: resumeWindowMs, windowItems, windowBytes, frameItems },
      waiting: { items: waitingItems, bytes: isNarrow ? 100_000 : 1e9 },
      onMove: (from, input, to) => {
        const move = `${role} ${from} ${input} ${to}`;
        this.moves.set(move, (this.moves.get(move) ?? 0) + 1);
        this.history.add({ what: 'move', who, from, input, to });
      },
    };
  }

  #reported(who: string, error: Error): void {
    const { kind } = error as Error & { kind?: string };
    if (kind === 'protocol') this.report('protocol', `${who}: ${error.message}`);
  }
}

function later<Made>(clock: Clock, ms: number, make: () => Made): Promise<Made> {
  return new Promise<void>((resolve) => void clock.schedule(clock.now() + ms, resolve)).then(make);
}
