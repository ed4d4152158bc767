import type { Carrier, CarrierListener, IncomingCarrier } from '../../../../src/transport/carrier.js';
import type { Surroundings } from '../programs/errand.js';
import type { NetworkSettings } from './pipe.js';
import type { Random } from './random.js';
import { type Break, type Direction, Stream } from './stream.js';
import { Process, type World } from './world.js';

/** A process that takes streams. */
export interface Server {
  readonly process: Process;
  accept(carrier: IncomingCarrier): void;
}

/** A break that waits for the next stream that a client dials. */
export interface BreakOfNext extends Break {
  readonly direction: Direction;
  readonly afterBytes: number;
}

/** Connects clients with whatever server is up, and breaks what it connected. */
export class Network {
  server: Server | undefined;
  /** Dials fail at once until then. */
  refusesUntil = 0;
  /** Dials are neither answered nor refused until then. */
  hangsUntil = 0;
  readonly streams: Stream[] = [];
  readonly #breaksOfNext = new Map<string, BreakOfNext[]>();
  readonly #world: World;
  readonly #surroundings: Surroundings;
  readonly #random: Random;
  readonly #settings: NetworkSettings;
  readonly #nowhere: Process;
  readonly #asHeard: (hello: Uint8Array) => Uint8Array;

  /** `asHeard` is what becomes of the first frame of each stream on its way: older peers do not know all that may be in it. */
  constructor(
    surroundings: Surroundings,
    random: Random,
    settings: NetworkSettings,
    asHeard: (hello: Uint8Array) => Uint8Array,
  ) {
    const { world } = surroundings;
    this.#world = world;
    this.#surroundings = surroundings;
    this.#random = random;
    this.#settings = settings;
    this.#asHeard = asHeard;
    this.#nowhere = new Process('nowhere', world);
  }

  /** The stream that a client dialled last. */
  present(client: string): Stream | undefined {
    return this.streams.findLast(({ client: { who } }) => who === client);
  }

  breakNext(client: string, how: BreakOfNext): void {
    const waiting = this.#breaksOfNext.get(client) ?? [];
    this.#breaksOfNext.set(client, [...waiting, how]);
  }

  /** The faults are over. What broke stays broken, and a stall takes its time. */
  heal(): void {
    this.#breaksOfNext.clear();
    this.refusesUntil = 0;
    this.hangsUntil = 0;
    for (const { up, down } of this.streams) {
      up.breaksAfterBytes = Number.POSITIVE_INFINITY;
      down.breaksAfterBytes = Number.POSITIVE_INFINITY;
    }
  }

  dial(process: Process, listener: CarrierListener): Carrier {
    const inVain = !this.#isAnswering;
    const stream = this.#connect(process);
    this.#surroundings.history.add({ what: 'dial', who: process.name, stream: stream.id, inVain });
    stream.client.listen(listener);
    const next = this.#breaksOfNext.get(process.name)?.shift();
    if (next !== undefined) {
      const pipe = stream[next.direction];
      pipe.breaksAfterBytes = next.afterBytes;
      pipe.onBreak = () => stream.break(next);
    }
    return {
      write: (frame, written) => {
        stream.hello ??= frame.slice();
        stream.client.write(frame, written);
      },
      depart: (departure) => stream.client.depart(departure),
      pause: () => stream.client.pause(),
      resume: () => stream.client.resume(),
      get hasReachedNobody() {
        return !stream.hasConnected;
      },
    };
  }

  /** Says an old Hello once more, over a stream of its own that breaks later. */
  haunt(hello: Uint8Array, lifeMs: number, how: Break): void {
    const ghost = new Process('ghost', this.#world);
    const stream = this.#connect(ghost);
    stream.client.write(hello, () => {});
    this.#world.schedule(undefined, this.#world.now + lifeMs, 'io', () => stream.break(how));
  }

  /** Whether somebody is there who takes streams. */
  get #isAnswering(): boolean {
    const { now } = this.#world;
    return this.hangsUntil <= now && this.refusesUntil <= now && this.server !== undefined;
  }

  #connect(process: Process): Stream {
    const { now } = this.#world;
    const hangs = this.hangsUntil > now;
    const server = this.#isAnswering ? this.server : undefined;
    const { latencyMs } = this.#settings;
    const opensAt = server === undefined ? Number.POSITIVE_INFINITY : now + 2 * latencyMs;
    const random = this.#random.fork(`stream ${this.streams.length}`);
    const ends = [process, server?.process ?? this.#nowhere] as const;
    const stream = new Stream(
      this.streams.length,
      this.#surroundings,
      random,
      this.#settings,
      ends,
      opensAt,
      this.#asHeard,
    );
    this.streams.push(stream);
    if (server !== undefined) {
      this.#world.schedule(server.process, opensAt + latencyMs, 'io', () => {
        if (stream.isBroken) return;
        stream.isAccepted = true;
        server.accept(stream.server);
      });
    } else {
      // Who is not answered hears of it only if HTTP/2 asks.
      const clientHearsAfterMs = hangs ? Number.POSITIVE_INFINITY : latencyMs + 1;
      stream.break({ clientHearsAfterMs, serverHearsAfterMs: Number.POSITIVE_INFINITY });
    }
    return stream;
  }
}
