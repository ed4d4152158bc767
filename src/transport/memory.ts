import { DuplexError } from '../errors.js';
import type { Departure } from '../session/session-options.js';
import type { Carrier, CarrierListener } from './carrier.js';

/** One end of a stream in memory. */
class MemoryCarrier implements Carrier {
  peer: MemoryCarrier | undefined;
  #over = false;
  readonly #listener: CarrierListener;

  constructor(listener: CarrierListener) {
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

  pause(): void {}
  resume(): void {}

  #tell(say: (listener: CarrierListener) => void, last = false): void {
    const { peer } = this;
    if (peer === undefined || this.#over) return;
    queueMicrotask(() => {
      if (peer.#over) return;
      peer.#over = last;
      say(peer.#listener);
    });
  }
}

const cancelled = new DuplexError('lost', 'the peer cancelled the stream', { origin: 'remote' });

/** Two ends of one stream in memory, for sessions within a process. Frames arrive one microtask later. */
export function memoryPair(client: CarrierListener, service: CarrierListener): { client: Carrier; service: Carrier } {
  const ends = { client: new MemoryCarrier(client), service: new MemoryCarrier(service) };
  ends.client.peer = ends.service;
  ends.service.peer = ends.client;
  return ends;
}
