import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lane } from './fault-lane.js';
import {
  bothWays,
  type Directions,
  drawFault,
  type Fault,
  type FaultMix,
  fairWeather,
  seededRandom,
  type Weather,
} from './faults.js';
import { reset } from './reset.js';

interface Connection {
  readonly sockets: readonly [client: Socket, service: Socket];
  readonly up: Lane;
  readonly down: Lane;
}

/** How a random mode runs. */
export interface UnleashOptions {
  readonly seed: number;
  /** Mean time between two faults. */
  readonly everyMs: number;
  readonly mix?: FaultMix;
}

/**
 * A TCP proxy on a port of its own that does to connections what networks do.
 * Its weather holds for present and new connections until `restore`.
 */
export class FaultProxy {
  /** Where connections are passed on to; a change is for new ones. */
  targetPort: number;
  /** How many connections came in so far. */
  accepted = 0;
  #up = fairWeather;
  #down = fairWeather;
  #refuses = false;
  #swallows = 0;
  readonly #connections = new Set<Connection>();
  readonly #server: Server;

  private constructor(targetPort: number) {
    this.targetPort = targetPort;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  static async listen(targetPort: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(targetPort);
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many connections are open. */
  get open(): number {
    return this.#connections.size;
  }

  /** Breaks every connection, by RST or by FIN. */
  cut(how: 'reset' | 'end' = 'reset'): void {
    for (const { sockets } of this.#connections) {
      for (const socket of sockets) how === 'reset' ? reset(socket) : socket.destroySoon();
    }
  }

  /** Nothing arrives any more in these directions, and nobody is told. */
  blackhole(directions: Directions = bothWays): void {
    this.#change(directions, { held: true });
  }

  /** Nothing is read any more from these directions. */
  stall(directions: Directions = bothWays): void {
    this.#change(directions, { stalled: true });
  }

  slow(bytesPerSecond: number, directions: Directions = bothWays): void {
    this.#change(directions, { bytesPerSecond });
  }

  delay(delayMs: number, directions: Directions = bothWays): void {
    this.#change(directions, { delayMs });
  }

  /** Changes one bit of what comes next on each connection. */
  corrupt({ up, down }: Directions = bothWays): void {
    for (const connection of this.#connections) {
      if (up) connection.up.corrupt();
      if (down) connection.down.corrupt();
    }
  }

  /** Breaks every connection, and every new one at once. */
  refuse(): void {
    this.#refuses = true;
    this.cut();
  }

  /** The next connections are accepted and lead nowhere, for good. */
  swallowNext(count: number): void {
    this.#swallows = count;
  }

  /** What is connected now leads nowhere any more, for good, as behind a router that forgot; new connections work. */
  abandon(): void {
    for (const { up, down } of this.#connections) {
      up.abandon();
      down.abandon();
    }
  }

  /** Fair weather again, for what is still connected and for what comes. */
  restore(): void {
    this.#refuses = false;
    this.#change(bothWays, fairWeather);
  }

  /** Lets a fault happen, and waits for its end. */
  async play(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'reset':
      case 'end':
        return this.cut(fault.kind);
      case 'corrupt':
        return this.corrupt(fault.directions);
      case 'refuse':
        this.refuse();
        break;
      case 'blackhole':
        this.blackhole(fault.directions);
        break;
      case 'stall':
        this.stall(fault.directions);
        break;
      case 'slow':
        this.slow(fault.bytesPerSecond);
        break;
      case 'delay':
        this.delay(fault.delayMs);
    }
    await sleep(fault.forMs);
    this.restore();
  }

  /** Random faults, one after another, until the function that it returns is called. */
  unleash({ seed, everyMs, mix }: UnleashOptions): () => Promise<void> {
    const random = seededRandom(seed);
    const stop = new AbortController();
    const run = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        await this.play(drawFault(random, mix));
        await sleep(2 * everyMs * random(), undefined, { signal: stop.signal }).catch(() => {});
      }
    };
    const done = run();
    return () => {
      stop.abort();
      return done;
    };
  }

  /** Breaks everything and frees the port. */
  async close(): Promise<void> {
    this.#refuses = true;
    this.#server.close();
    this.cut();
    if (this.#server.listening) await once(this.#server, 'close');
  }

  #change({ up, down }: Directions, change: Partial<Weather>): void {
    if (up) this.#up = { ...this.#up, ...change };
    if (down) this.#down = { ...this.#down, ...change };
    for (const connection of this.#connections) {
      connection.up.weather = this.#up;
      connection.down.weather = this.#down;
    }
  }

  #accept(client: Socket): void {
    this.accepted += 1;
    client.on('error', () => {});
    if (this.#refuses) return reset(client);
    if (this.#swallows > 0) return this.#swallow(client);
    const service = connect({ port: this.targetPort, host: 'localhost', allowHalfOpen: true, noDelay: true });
    service.on('error', () => {});
    const connection: Connection = {
      sockets: [client, service],
      up: new Lane(client, service),
      down: new Lane(service, client),
    };
    connection.up.weather = this.#up;
    connection.down.weather = this.#down;
    this.#connections.add(connection);
    for (const socket of connection.sockets) {
      socket.on('close', () => {
        if (connection.sockets.every(({ destroyed }) => destroyed)) this.#connections.delete(connection);
      });
    }
  }

  #swallow(client: Socket): void {
    this.#swallows -= 1;
    client.resume();
  }
}
