import type { Random } from './random.js';
import type { Process, World } from './world.js';

/** How fast and how wide a network without faults is. */
export interface NetworkSettings {
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly bytesPerMs: number;
  /** HTTP/2 notices a dead connection in this time; null: only its users can. */
  readonly keepaliveMs: number | null;
  /** So many bytes may be on their way before a writer has to wait. */
  readonly bufferBytes: number;
}

interface Parcel {
  bytes: Uint8Array;
  readonly written: () => void;
}

/** What is on its way: a frame, or the word that there are no more. */
type Cargo = Parcel | (() => void);

const NEVER = Number.POSITIVE_INFINITY;

/**
 * One direction of a stream: keeps frames whole and in order, takes time, and
 * breaks in the ways in which networks break. The bytes of a frame belong to
 * the writer until `written`; they are looked at no earlier than that.
 */
export class Pipe {
  /** What has not arrived by this time never will. */
  cutAt = NEVER;
  /** The stream breaks once so many further bytes arrived. */
  breaksAfterBytes = NEVER;
  /** Called when `breaksAfterBytes` is reached. */
  onBreak: () => void = () => {};
  #stalledUntil = 0;
  #free = 0;
  #lastArrival = 0;
  #inFlight = 0;
  #isPaused = false;
  /** How much has come that the receiver did not want yet. */
  #heldBack = 0;
  readonly #blocked: Parcel[] = [];
  readonly #onItsWay: Cargo[] = [];
  readonly #world: World;
  readonly #random: Random;
  readonly #settings: NetworkSettings;
  readonly #sender: Process;
  readonly #receiver: Process;
  readonly #deliver: (frame: Uint8Array) => void;

  constructor(
    world: World,
    random: Random,
    settings: NetworkSettings,
    [sender, receiver]: readonly [Process, Process],
    opensAt: number,
    deliver: (frame: Uint8Array) => void,
  ) {
    this.#world = world;
    this.#random = random;
    this.#settings = settings;
    this.#sender = sender;
    this.#receiver = receiver;
    this.#free = opensAt;
    this.#deliver = deliver;
  }

  /** The receiver takes nothing until `resume`. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const { now } = this.#world;
    for (; this.#heldBack > 0; this.#heldBack--) this.#arriveAt(now);
  }

  /** Nothing moves before this time. */
  stall(until: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, until);
  }

  write(bytes: Uint8Array, written: () => void): void {
    const parcel: Parcel = { bytes, written };
    const { bytesPerMs, bufferBytes } = this.#settings;
    this.#free = Math.max(this.#free, this.#world.now) + bytes.length / bytesPerMs;
    this.#lastArrival = Math.max(this.#lastArrival, this.#free + this.#latency());
    this.#inFlight += bytes.length;
    this.#send(this.#lastArrival, parcel);
    if (this.#inFlight <= bufferBytes) this.#accept(parcel);
    else this.#blocked.push(parcel);
  }

  /** Tells the receiver something behind all frames. */
  tellBehind(tell: () => void): void {
    this.#send(Math.max(this.#lastArrival, this.#world.now + this.#latency()), tell);
  }

  /** Tells the receiver something that overtakes frames; those are lost. */
  tellAhead(tell: () => void): void {
    this.#world.schedule(this.#receiver, this.#world.now + this.#latency(), 'io', () => {
      if (this.#isCut) return;
      this.cutAt = this.#world.now - 1;
      tell();
    });
  }

  #latency(): number {
    const { latencyMs, jitterMs } = this.#settings;
    return latencyMs + this.#random.next() * jitterMs;
  }

  get #isCut(): boolean {
    return this.#world.now > this.cutAt;
  }

  #accept(parcel: Parcel): void {
    this.#world.schedule(this.#sender, this.#world.now, 'io', () => {
      parcel.bytes = parcel.bytes.slice();
      parcel.written();
    });
  }

  #send(at: number, cargo: Cargo): void {
    this.#onItsWay.push(cargo);
    this.#arriveAt(at);
  }

  /** Whatever is late by a stall, what was sent first arrives first. */
  #arriveAt(at: number): void {
    this.#world.schedule(this.#receiver, at, 'io', () => {
      if (this.#isCut) return;
      if (this.#stalledUntil > this.#world.now) return this.#arriveAt(this.#stalledUntil);
      if (this.#isPaused) {
        this.#heldBack += 1;
        return;
      }
      const cargo = this.#onItsWay.shift();
      if (typeof cargo === 'function') cargo();
      else if (cargo !== undefined) this.#arrive(cargo);
    });
  }

  #arrive({ bytes }: Parcel): void {
    this.breaksAfterBytes -= bytes.length;
    if (this.breaksAfterBytes < 0) return this.onBreak();
    this.#inFlight -= bytes.length;
    this.#deliver(bytes.slice());
    while (this.#blocked.length > 0 && this.#inFlight <= this.#settings.bufferBytes) {
      this.#accept(this.#blocked.shift() as Parcel);
    }
  }
}
