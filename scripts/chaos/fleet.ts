import { join } from 'node:path';
import type { SessionEnd, Status } from '../../src/index.js';
import { makeCertificate } from '../../test/support/certificate.js';
import { FaultProxy } from '../../test/support/fault-proxy.js';
import { Child } from './child.js';
import type { LanePlan, News } from './messages.js';

/** One session after another through a proxy of its own. */
export interface LaneView {
  readonly lane: number;
  readonly tls: boolean;
  readonly proxy: FaultProxy;
  run: string;
  status: Status;
  /** How often a session of the lane went on. */
  resumes: number;
  /** When the present status came, in milliseconds since 1970. */
  since: number;
}

/** The end of a session as one of the processes told it. */
export interface EndView {
  readonly run: string;
  readonly by: 'service' | 'client';
  readonly end: SessionEnd;
  readonly at: number;
}

/** Bytes on the heaps of both processes. */
export type Weights = Readonly<Record<'client' | 'service', number>>;

/** Both processes and the proxies between them, and what they told so far. */
export class Fleet {
  readonly lanes: LaneView[] = [];
  readonly ends: EndView[] = [];
  readonly probing = new Set<string>();
  readonly violations: string[] = [];
  readonly #finished = new Set<'service' | 'client'>();
  service!: Child;
  client!: Child;
  #incarnations = 0;
  #ports: { plain: number; tls: number } | undefined;
  readonly #certificate = makeCertificate();
  readonly #weights = new Map<'service' | 'client', number>();
  readonly #folder: string;
  readonly #laneCount: number;

  /** Logs go to `folder`. */
  constructor(folder: string, laneCount: number) {
    this.#folder = folder;
    this.#laneCount = laneCount;
  }

  /** Starts a service. The proxies lead to it from now on. */
  async startService(): Promise<void> {
    this.#ports = undefined;
    const log = this.#log('service');
    this.service = new Child('service.ts', (how) => this.violations.push(how));
    this.service.listen((news) => this.#take('service', news));
    const { cert, key } = this.#certificate;
    this.service.order({ order: 'serve', plan: { log, host: '127.0.0.1', cert: `${cert}`, key: `${key}` } });
    await this.until('a service that listens', () => this.#ports !== undefined);
    const { plain, tls } = this.#requirePorts();
    for (const lane of this.lanes) lane.proxy.targetPort = lane.tls ? tls : plain;
    for (let lane = this.lanes.length; lane < this.#laneCount; lane++) {
      const proxy = await FaultProxy.listen(lane % 2 === 1 ? tls : plain);
      this.lanes.push({ lane, tls: lane % 2 === 1, proxy, run: '', status: 'created', resumes: 0, since: 0 });
    }
  }

  /** Starts a client, with a session in each lane. */
  async startClient(): Promise<void> {
    const log = this.#log('client');
    this.client = new Child('client.ts', (how) => this.violations.push(how));
    this.client.listen((news) => this.#take('client', news));
    for (const lane of this.lanes) lane.status = 'created';
    const name = `c${this.#incarnations}`;
    this.client.order({ order: 'run', log, lanes: this.lanes.map((lane) => this.plan(lane, `${name}-${lane.lane}`)) });
    await this.allOpen();
  }

  plan({ lane, tls, proxy }: LaneView, run: string): LanePlan {
    return { lane, run, address: proxy.address, trusts: tls ? `${this.#certificate.cert}` : undefined };
  }

  /** Waits until a session is open in every lane. */
  async allOpen(): Promise<void> {
    await this.until('every session to be open', () => this.lanes.every(({ status }) => status === 'opened'));
  }

  /** Waits for something that was told; what takes longer is a violation, and the run goes on. */
  async until(what: string, check: () => boolean, withinMs = 30_000): Promise<boolean> {
    const deadline = Date.now() + withinMs;
    while (!check()) {
      if (Date.now() > deadline) {
        this.violations.push(`waited ${withinMs} ms for ${what}`);
        return false;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return true;
  }

  /** What the heaps of both processes hold, in bytes. */
  async weigh(): Promise<Weights> {
    this.#weights.clear();
    for (const who of ['client', 'service'] as const) this[who].order({ order: 'weigh' });
    await this.until('both processes to weigh their heaps', () => this.#weights.size === 2);
    return { client: this.#weights.get('client') ?? 0, service: this.#weights.get('service') ?? 0 };
  }

  /** Closes everything in order. */
  async finish(): Promise<void> {
    for (const who of ['client', 'service'] as const) {
      this[who].order({ order: 'finish' });
      await this.until(`the ${who} to end in order`, () => this.#finished.has(who));
    }
  }

  async destroy(): Promise<void> {
    this.client?.kill();
    this.service?.kill();
    await Promise.all(this.lanes.map(({ proxy }) => proxy.close()));
  }

  /** Without a service there is nothing to run. */
  #requirePorts(): { readonly plain: number; readonly tls: number } {
    if (this.#ports === undefined) throw new Error(`the service did not start: ${this.violations.join('; ')}`);
    return this.#ports;
  }

  #log(name: string): string {
    this.#incarnations += 1;
    return join(this.#folder, `${name}-${this.#incarnations}.log`);
  }

  #take(by: 'service' | 'client', news: News): void {
    switch (news.news) {
      case 'serving':
        this.#ports = { plain: news.plainPort, tls: news.tlsPort };
        return;
      case 'status':
        return this.#takeStatus(news);
      case 'probing':
        this.probing.add(news.run);
        return;
      case 'ended':
        this.ends.push({ by, run: news.run, end: news.end, at: news.at });
        return;
      case 'weight':
        this.#weights.set(by, news.heapBytes);
        return;
      case 'violation':
        this.violations.push(news.what);
        return;
      case 'finished':
        this.#finished.add(by);
    }
  }

  #takeStatus({ lane, run, status, at }: News & { news: 'status' }): void {
    const view = this.lanes[lane] as LaneView;
    if (view.run === run && view.status === 'resuming' && status === 'opened') view.resumes += 1;
    Object.assign(view, { run, status, since: at });
  }
}
