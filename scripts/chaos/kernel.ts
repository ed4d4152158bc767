import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCertificate } from '../../test/support/certificate.js';
import { bothWays, type Directions } from '../../test/support/faults.js';
import { Child } from './child.js';
import type { News } from './messages.js';
import { NetworkNamespace } from './network-namespace.js';
import { detectionBoundMs, heartbeats } from './settings.js';

/** How long each side of a probe took to notice that its link was dead. */
export interface KernelTimes {
  readonly client: number;
  readonly service: number;
}

type Heard = News & { readonly by: 'client' | 'service' };

const ways: readonly Directions[] = [bothWays, { up: true }, { down: true }];
const PATIENCE_MS = 30_000;

/**
 * Links that die in the kernel, without a proxy that acknowledges what nobody
 * gets: the client lives in a network namespace whose routes are taken away.
 * Returns the times of every death, or why there were none.
 */
export async function kernelHalfOpens(count: number, folder: string): Promise<readonly KernelTimes[] | string> {
  const namespace = NetworkNamespace.create();
  if (typeof namespace === 'string') return namespace;
  const ensemble = new Ensemble(namespace, folder);
  try {
    await ensemble.start();
    const times: KernelTimes[] = [];
    while (times.length < count) times.push(await ensemble.die(times.length));
    return times;
  } finally {
    ensemble.kill();
    namespace.destroy();
  }
}

/** A service out here and a client in the namespace. */
class Ensemble {
  readonly #news: Heard[] = [];
  readonly #service: Child;
  readonly #client: Child;
  readonly #namespace: NetworkNamespace;
  readonly #folder: string;

  constructor(namespace: NetworkNamespace, folder: string) {
    this.#namespace = namespace;
    this.#folder = folder;
    const died = (how: string): void => void this.#news.push({ by: 'service', news: 'violation', what: how });
    this.#service = new Child('service.ts', died);
    this.#client = new Child('client.ts', died, namespace.command);
    this.#service.listen((news) => this.#news.push({ by: 'service', ...news }));
    this.#client.listen((news) => this.#news.push({ by: 'client', ...news }));
  }

  async start(): Promise<void> {
    const { cert, key } = makeCertificate();
    const log = (name: string): string => join(this.#folder, `${name}-kernel.log`);
    this.#service.order({
      order: 'serve',
      plan: { log: log('service'), cert: `${cert}`, key: `${key}`, host: this.#namespace.outside },
    });
    this.#client.order({ order: 'run', log: log('client'), lanes: [] });
    await this.#heard('a service that listens', ({ news }) => news === 'serving');
  }

  /** Lets a link die under an idle session, and waits until both sides noticed. */
  async die(number: number): Promise<KernelTimes> {
    const run = `kernel-${number}`;
    const serving = this.#news.find((news) => news.news === 'serving') as News & { news: 'serving' };
    const address = `${this.#namespace.outside}:${serving.plainPort}`;
    this.#client.order({ order: 'probe', plan: { lane: 0, run, address, trusts: undefined } });
    await this.#heard(`${run} to open`, (news) => news.news === 'probing' && news.run === run);
    await sleep((heartbeats.pingMs * (number % 4)) / 4);
    const start = Date.now();
    this.#namespace.blackhole(ways[number % ways.length] as Directions);
    const [client, service] = await Promise.all(
      (['client', 'service'] as const).map(async (by) => {
        const ended = await this.#heard(
          `the ${by} to notice that the link of ${run} is dead`,
          (news) => news.news === 'ended' && news.run === run && news.by === by,
        );
        const { end, at } = ended as News & { news: 'ended' };
        if (end.kind !== 'lost') throw new Error(`${run} ended as ${end.kind} at the ${by}, not as lost`);
        return at - start;
      }),
    );
    this.#namespace.restore();
    return { client: client as number, service: service as number };
  }

  kill(): void {
    this.#client.kill();
    this.#service.kill();
  }

  async #heard(what: string, is: (news: Heard) => boolean): Promise<News> {
    for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(5)) {
      const wrong = this.#news.find(({ news }) => news === 'violation');
      if (wrong?.news === 'violation') throw new Error(wrong.what);
      const found = this.#news.find(is);
      if (found !== undefined) return found;
    }
    throw new Error(`waited ${PATIENCE_MS} ms for ${what}; the bound is ${detectionBoundMs} ms`);
  }
}
