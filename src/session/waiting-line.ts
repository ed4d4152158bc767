import { Code, DuplexError } from '../errors.js';

/** Somebody who waits for an item to be admitted. */
export interface Waiter {
  /** Called once when the item is admitted. */
  admitted(): void;
  /** Called once instead if the session ends before. */
  failed(error: DuplexError): void;
}

/** A place in the line. `charged` is false for answers, which wait for earlier items only. */
interface Place {
  readonly item: Uint8Array;
  readonly charged: boolean;
  readonly ordinal: number;
  readonly waiter: Waiter | undefined;
}

/** Bounds of the line: how many may wait, and with how many bytes. */
export interface WaitingLineLimits {
  readonly items: number;
  readonly bytes: number;
}

/** The bounds unless somebody sets others. */
export const defaultWaitingLineLimits: WaitingLineLimits = Object.freeze({ items: 1_024, bytes: 4 * 1024 * 1024 });

/**
 * Items that found the window full, in order. It is bounded: past its limits
 * a call fails with RESOURCE_EXHAUSTED instead of growing the process. At most
 * one state waits; a newer one takes a place of its own at the end, so that it
 * never overtakes a callback sent before it.
 */
export class WaitingLine {
  #places: Place[] = [];
  #bytes = 0;
  #ordinal = 0;
  #state: Place | undefined;
  readonly #limits: WaitingLineLimits;

  constructor(limits: WaitingLineLimits = defaultWaitingLineLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#places.length;
  }

  /** A mark in time, for `waitsSince`. */
  get mark(): number {
    return this.#ordinal;
  }

  /** Whether something still waits that joined after the mark `since`, and not after the mark `until`. */
  waitsSince(since: number, until: number): boolean {
    const first = this.#places[0];
    if (first === undefined || until <= since) return false;
    return this.#ordinal > since && first.ordinal <= until;
  }

  /** Puts a call in the line. Throws RESOURCE_EXHAUSTED when the line is full. */
  join(item: Uint8Array, waiter: Waiter): void {
    const { items, bytes } = this.#limits;
    if (this.#places.length >= items || (this.#bytes + item.length > bytes && this.#places.length > 0)) {
      throw new DuplexError(
        'fault',
        `the peer is too slow: ${this.#places.length} calls (${this.#bytes} bytes) already wait to be sent; await each call, or send less`,
        { code: Code.RESOURCE_EXHAUSTED },
      );
    }
    this.#push(item, true, waiter);
  }

  /** Puts an answer behind what its operation sent before it. Never refused: calls are bounded themselves. */
  joinAnswer(item: Uint8Array): void {
    this.#push(item, false, undefined);
  }

  /** Puts a state at the end of the line in place of an older one that still waits. */
  joinState(item: Uint8Array): void {
    if (this.#state !== undefined) {
      this.#bytes -= this.#state.item.length;
      this.#places.splice(this.#places.indexOf(this.#state), 1);
    }
    this.#state = this.#push(item, true, undefined);
  }

  /** Puts what had been admitted too early before all others. Nobody may hold a mark yet. */
  putInFront(items: readonly Pick<Place, 'item' | 'charged'>[]): void {
    const places = this.#places;
    const state = this.#state;
    this.#places = [];
    this.#bytes = 0;
    for (const { item, charged } of items) this.#push(item, charged, undefined);
    for (const place of places) {
      const moved = this.#push(place.item, place.charged, place.waiter);
      if (place === state) this.#state = moved;
    }
  }

  #push(item: Uint8Array, charged: boolean, waiter: Waiter | undefined): Place {
    const place = { item, charged, waiter, ordinal: ++this.#ordinal };
    this.#places.push(place);
    this.#bytes += item.length;
    return place;
  }

  /** Lets items go, first come first served, as long as `admits` takes the charged ones. */
  advance(admits: (byteLength: number) => boolean, admit: (item: Uint8Array, charged: boolean) => void): void {
    let count = 0;
    for (const place of this.#places) {
      if (place.charged && !admits(place.item.length)) break;
      admit(place.item, place.charged);
      count += 1;
    }
    const gone = this.#places.splice(0, count);
    for (const place of gone) {
      this.#bytes -= place.item.length;
      if (place === this.#state) this.#state = undefined;
      place.waiter?.admitted();
    }
  }

  /** Empties the line: nobody will be admitted any more. */
  fail(error: DuplexError): void {
    const places = this.#places;
    this.#places = [];
    this.#bytes = 0;
    this.#state = undefined;
    for (const { waiter } of places) waiter?.failed(error);
  }
}
