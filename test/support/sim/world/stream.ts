import { Code, DuplexError } from '../../../../src/errors.js';
import type { Departure } from '../../../../src/session/session-options.js';
import type { CarrierListener, IncomingCarrier } from '../../../../src/transport/carrier.js';
import { errorFromStatus } from '../../../../src/transport/grpc/status.js';
import type { History } from '../checks/history.js';
import type { Report } from '../checks/ledger.js';
import type { Surroundings } from '../programs/errand.js';
import { type NetworkSettings, Pipe } from './pipe.js';
import type { Random } from './random.js';
import type { Process, World } from './world.js';

export type Direction = 'up' | 'down';

/** How a stream breaks. Infinity: that side never hears of it. */
export interface Break {
  readonly clientHearsAfterMs: number;
  readonly serverHearsAfterMs: number;
}

/** One end of a stream. Behaves as the carriers over grpc-js do, their oddities included. */
class End implements IncomingCarrier {
  /** Whether the program at this end knows that the stream is over, or ended it itself. */
  isOver = false;
  #hasDeparted = false;
  #isWriting = false;
  #listener: CarrierListener | undefined;
  readonly peer: string;
  readonly who: string;
  readonly #stream: Stream;
  readonly #side: 'client' | 'server';

  constructor(stream: Stream, side: 'client' | 'server', who: string, peer: string) {
    this.#stream = stream;
    this.#side = side;
    this.who = who;
    this.peer = peer;
  }

  listen(listener: CarrierListener): void {
    this.#listener = listener;
  }

  handTo(listener: CarrierListener): void {
    this.#listener = listener;
  }

  write(frame: Uint8Array, written: () => void): void {
    if (this.isOver || this.#hasDeparted) return;
    const { id, history, report } = this.#stream;
    if (this.#isWriting) report('backpressure', `${this.who} writes to stream ${id} before it takes another frame`);
    this.#isWriting = true;
    history.add({ what: 'write', who: this.who, stream: id, frame: frame.slice() });
    this.#out.write(frame, () => {
      this.#isWriting = false;
      if (!this.isOver) written();
    });
  }

  depart(departure: Departure): void {
    const { id, history } = this.#stream;
    if (this.isOver || (this.#hasDeparted && departure.how !== 'cancel')) return;
    history.add({ what: 'depart', who: this.who, stream: id, how: departure.how });
    if (this.#side === 'client') this.#departAsClient(departure);
    else this.#departAsServer(departure);
  }

  #departAsClient({ how }: Departure): void {
    const { server } = this.#stream;
    if (how === 'half-close') {
      this.#hasDeparted = true;
      this.#out.tellBehind(() => server.ended());
    } else {
      this.isOver = true;
      if (!this.#stream.hasConnected) return this.#stream.abandon();
      const tell = (): void => server.lost(cancelled);
      // What the client's system has taken already goes before the cancel: frames of a stream that was given up.
      if (this.#stream.flip()) this.#out.tellAhead(tell);
      else this.#out.tellBehind(tell);
    }
  }

  #departAsServer(departure: Departure): void {
    const { client } = this.#stream;
    const error = departure.how === 'end' ? departure.error : cancelled;
    this.#hasDeparted = true;
    // What is still on its way up may be read by a server that has ended the stream already.
    if (error === undefined) this.#out.tellBehind(() => client.ended());
    else {
      this.#out.tellAhead(() => client.lost(errorFromStatus({ code: error.code, details: error.message }, 'sim')));
    }
  }

  /** Whether nothing holds it any more: a client that only half-closed still listens. */
  get hasLeft(): boolean {
    return this.isOver || (this.#hasDeparted && this.#side === 'server');
  }

  pause(): void {
    this.#in.pause();
  }

  resume(): void {
    this.#in.resume();
  }

  frame(frame: Uint8Array): void {
    if (this.isOver) return;
    const { id, history } = this.#stream;
    history.add({ what: 'frame', who: this.who, stream: id, frame });
    this.#listener?.frame(frame);
  }

  ended(): void {
    if (this.isOver || (this.#side === 'server' && this.#hasDeparted)) return;
    // A client that half-closes may still be sent something; a stream that the service ended is over.
    this.isOver = this.#side === 'client';
    this.#stream.history.add({ what: 'told', who: this.who, stream: this.#stream.id, how: 'ended' });
    this.#listener?.ended();
  }

  lost(error: DuplexError): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.#side === 'server' && this.#hasDeparted) return;
    this.#stream.history.add({ what: 'told', who: this.who, stream: this.#stream.id, how: `lost: ${error.message}` });
    this.#listener?.lost(error);
  }

  get #in(): Pipe {
    return this.#side === 'client' ? this.#stream.down : this.#stream.up;
  }

  get #out(): Pipe {
    return this.#side === 'client' ? this.#stream.up : this.#stream.down;
  }
}

const cancelled = new DuplexError('lost', 'the peer cancelled the stream', {
  code: Code.CANCELLED,
  origin: 'remote',
});
const broken = new DuplexError('lost', 'the connection broke', { code: Code.UNAVAILABLE, origin: 'remote' });

/** A bidirectional stream between a client and a server process. */
export class Stream {
  readonly up: Pipe;
  readonly down: Pipe;
  readonly client: End;
  readonly server: End;
  /** The client's first frame on it, once written. */
  hello: Uint8Array | undefined;
  helloArrived = false;
  /** When there is a connection; Infinity: never. */
  #opensAt: number;
  isBroken = false;
  /** Whether a server took it. */
  isAccepted = false;
  readonly #processes: readonly [Process, Process];
  readonly #world: World;
  readonly #random: Random;
  readonly #settings: NetworkSettings;
  readonly id: number;
  readonly history: History;
  readonly report: Report;

  constructor(
    id: number,
    { world, history, report }: Surroundings,
    random: Random,
    settings: NetworkSettings,
    [client, server]: readonly [Process, Process],
    opensAt: number,
    asHeard: (hello: Uint8Array) => Uint8Array,
  ) {
    this.id = id;
    this.#opensAt = opensAt;
    this.history = history;
    this.report = report;
    this.#settings = settings;
    this.#world = world;
    this.#random = random.fork('oddities');
    this.#processes = [client, server];
    this.client = new End(this, 'client', client.name, 'server');
    this.server = new End(this, 'server', server.name, client.name);
    this.up = new Pipe(world, random.fork('up'), settings, [client, server], opensAt, (frame) => {
      const heard = this.helloArrived ? frame : asHeard(frame);
      this.helloArrived = true;
      this.server.frame(heard);
    });
    this.down = new Pipe(world, random.fork('down'), settings, [server, client], opensAt, (frame) =>
      this.client.frame(frame),
    );
  }

  /** Breaks the stream: what is on its way is lost, and each side hears of it, or not. */
  break({ clientHearsAfterMs, serverHearsAfterMs }: Break): void {
    if (this.isBroken) return;
    this.isBroken = true;
    if (!this.hasConnected) this.#opensAt = Number.POSITIVE_INFINITY;
    // Also what is said at this very moment gets nowhere any more.
    const before = this.#world.now - 1;
    this.up.cutAt = Math.min(this.up.cutAt, before);
    this.down.cutAt = Math.min(this.down.cutAt, before);
    const [client, server] = this.#processes;
    const keepaliveMs = this.#settings.keepaliveMs ?? Number.POSITIVE_INFINITY;
    this.#tell(client, Math.min(clientHearsAfterMs, keepaliveMs), () => this.client.lost(broken));
    const serverHears = Math.min(serverHearsAfterMs, keepaliveMs);
    // As grpc-js does: `end` may come first, so it is no proof of a half-close.
    if (this.flip()) this.#tell(server, serverHears, () => this.server.ended());
    this.#tell(server, serverHears + 1, () => this.server.lost(broken));
  }

  /** Whether there is a connection, or was one. */
  get hasConnected(): boolean {
    return this.#world.now >= this.#opensAt;
  }

  /** Its client leaves before there is a connection: nothing that it wrote gets anywhere. */
  abandon(): void {
    this.break({ clientHearsAfterMs: Number.POSITIVE_INFINITY, serverHearsAfterMs: Number.POSITIVE_INFINITY });
  }

  /** Which of two things happens that both may. */
  flip(): boolean {
    return this.#random.chance(0.5);
  }

  /** Whether a program that lives still holds an end of it. */
  get isHeld(): boolean {
    const [client, server] = this.#processes;
    const clientHolds = client.alive && client.name !== 'ghost' && !this.client.hasLeft;
    return clientHolds || (server.alive && this.isAccepted && !this.server.hasLeft);
  }

  /** Whether it leads to that process. */
  leadsTo(process: Process): boolean {
    return this.#processes[1] === process;
  }

  /** One direction dies, and nobody hears of it. */
  silence(direction: Direction): void {
    this[direction].cutAt = Math.min(this[direction].cutAt, this.#world.now);
    const { keepaliveMs } = this.#settings;
    if (keepaliveMs === null) return;
    this.#world.schedule(undefined, this.#world.now + keepaliveMs, 'io', () =>
      this.break({ clientHearsAfterMs: 0, serverHearsAfterMs: 0 }),
    );
  }

  #tell(process: Process, afterMs: number, tell: () => void): void {
    if (Number.isFinite(afterMs)) this.#world.schedule(process, this.#world.now + afterMs, 'io', tell);
  }
}
