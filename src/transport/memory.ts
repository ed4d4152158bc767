import { DuplexError } from '../errors.js';
import type { Departure } from '../session/session-options.js';
import type { Carrier, CarrierListener, IncomingCarrier } from './carrier.js';

type Say = (listener: CarrierListener) => void;

/** One end of a stream in memory. */
class MemoryCarrier implements IncomingCarrier {
  readonly peer = 'memory';
  other: MemoryCarrier | undefined;
  #listener: CarrierListener | undefined;
  /** What arrived while nobody read. */
  #unread: { readonly say: Say; readonly last: boolean }[] = [];
  #paused = false;
  #over = false;
  #broken = false;

  constructor(listener?: CarrierListener) {
    this.#listener = listener;
  }

  listen(listener: CarrierListener): void {
    this.#listener = listener;
    queueMicrotask(this.#read);
  }

  handTo(listener: CarrierListener): void {
    this.#listener = listener;
  }

  write(frame: Uint8Array, written: () => void): void {
    // A copy, as a wire makes one: the sender's buffer is its own again after `written`.
    const copy = frame.slice();
    this.#tell((listener) => listener.frame(copy));
    queueMicrotask(written);
  }

  depart(departure: Departure): void {
    if (departure.how === 'half-close') return this.#tell((listener) => listener.ended());
    const { error } = departure.how === 'end' ? departure : { error: cancelled };
    this.#tell((listener) => (error === undefined ? listener.ended() : listener.lost(error)), true);
    this.#over = true;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    queueMicrotask(this.#read);
  }

  /** The stream breaks: nothing arrives any more but, if this end is to notice, that it is lost. */
  break(error: DuplexError | undefined): void {
    this.#broken = true;
    this.#unread = error === undefined ? [] : [{ say: (listener) => listener.lost(error), last: true }];
    queueMicrotask(this.#read);
  }

  #tell(say: Say, last = false): void {
    const { other } = this;
    if (other === undefined || this.#over) return;
    queueMicrotask(() => {
      if (other.#broken) return;
      other.#unread.push({ say, last });
      other.#read();
    });
  }

  readonly #read = (): void => {
    while (this.#listener !== undefined && !this.#paused && !this.#over) {
      const next = this.#unread.shift();
      if (next === undefined) return;
      this.#over = next.last;
      next.say(this.#listener);
    }
  };
}

const cancelled = new DuplexError('lost', 'the peer cancelled the stream', { origin: 'remote' });

/** Both ends of one stream in memory. */
export interface MemoryPair {
  readonly client: Carrier;
  /** What comes before `listen` is kept for it. */
  readonly service: IncomingCarrier;
  /** Breaks the stream; what is on its way is lost. Without an error neither end notices. */
  break(error?: DuplexError): void;
}

/** A stream in memory, for sessions within a process. Frames arrive one microtask later. */
export function memoryPair(client: CarrierListener, service?: CarrierListener): MemoryPair {
  const ends = { client: new MemoryCarrier(client), service: new MemoryCarrier(service) };
  ends.client.other = ends.service;
  ends.service.other = ends.client;
  return {
    ...ends,
    break(error) {
      ends.client.break(error);
      ends.service.break(error);
    },
  };
}
