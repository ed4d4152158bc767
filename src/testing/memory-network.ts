import { Code, DuplexError } from '../errors.js';
import type { Listener } from '../server/host.js';
import type { Carrier, CarrierListener, IncomingCarrier } from '../transport/carrier.js';
import type { Dialer } from '../transport/grpc/client-carrier.js';
import { type MemoryPair, memoryPair } from '../transport/memory.js';

interface Dialled {
  readonly pair: MemoryPair;
  readonly wireName: string;
}

const broken = new DuplexError('lost', 'the test cut the connection', { code: Code.UNAVAILABLE, origin: 'remote' });

/**
 * A network of one host and its clients, in memory. While it is cut, streams
 * that are dialled wait; when it is restored they get through.
 */
export class MemoryNetwork implements Listener, Dialer {
  readonly address = 'memory';
  #isCut = false;
  #streams: Dialled[] = [];
  /** Dialled while the network was cut. */
  #waiting: Dialled[] = [];
  readonly #services = new Map<string, (carrier: IncomingCarrier) => void>();
  /** Rises with all that moves; while it stands still the network is at rest. */
  traffic = 0;

  serve(wireName: string, accept: (carrier: IncomingCarrier) => void): void {
    this.#services.set(wireName, accept);
  }

  dial(wireName: string, listener: CarrierListener): Carrier {
    const dialled: Dialled = { pair: memoryPair(this.#counting(listener)), wireName };
    const { client } = dialled.pair;
    this.traffic += 1;
    if (this.#isCut) this.#waiting.push(dialled);
    else this.#connect(dialled);
    return {
      write: (frame, written) => {
        this.traffic += 1;
        client.write(frame, written);
      },
      depart: (departure) => {
        client.depart(departure);
        if (departure.how !== 'half-close') this.#forget(dialled);
      },
      pause: () => client.pause(),
      resume: () => client.resume(),
    };
  }

  /** Breaks every stream. With `silent` neither side is told: only its own liveness check will notice. */
  cut(silent: boolean): void {
    this.#isCut = true;
    this.traffic += 1;
    for (const { pair } of this.#streams) pair.break(silent ? undefined : broken);
    this.#streams = [];
  }

  /** Streams get through again, first those that waited. */
  restore(): void {
    this.#isCut = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const dialled of waiting) this.#connect(dialled);
  }

  async close(): Promise<void> {}

  async shutdown(): Promise<void> {
    this.cut(false);
    this.restore();
  }

  #connect(dialled: Dialled): void {
    const { pair, wireName } = dialled;
    const accept = this.#services.get(wireName);
    if (accept === undefined) {
      const message = `no service of this link serves ${wireName}`;
      pair.break(new DuplexError('refused', message, { code: Code.UNIMPLEMENTED, origin: 'remote' }));
      return;
    }
    this.#streams.push(dialled);
    accept(pair.service);
  }

  #forget(gone: Dialled): void {
    this.#streams = this.#streams.filter((dialled) => dialled !== gone);
    this.#waiting = this.#waiting.filter((dialled) => dialled !== gone);
  }

  #counting(listener: CarrierListener): CarrierListener {
    return {
      frame: (frame) => {
        this.traffic += 1;
        listener.frame(frame);
      },
      ended: () => listener.ended(),
      lost: (error) => listener.lost(error),
    };
  }
}
