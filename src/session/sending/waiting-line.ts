import { Code, DuplexError } from '../../errors.js';

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
  /** What newer items of the same key may take the place of. */
  readonly key: number | undefined;
}

/** What was admitted before it could be known that it has to wait. */
export type Early = Pick<Place, 'item' | 'charged' | 'ordinal'>;

/** Bounds of the line: how many may wait, and with how many bytes. */
export interface WaitingLineLimits {
  readonly items: number;
  readonly bytes: number;
}

/** The bounds unless somebody sets others. */
export const defaultWaitingLineLimits: WaitingLineLimits = Object.freeze({ items: 1_024, bytes: 4 * 1024 * 1024 });

/**
 * Items that found the window full, in order. It is bounded: past its limits
 * a call fails with RESOURCE_EXHAUSTED instead of growing the process. Of what
 * may be dropped, such as states, only the newest wait; each takes a place of
 * its own at the end, so that it never overtakes a callback sent before it.
 */
export class WaitingLine {
  #places: Place[] = [];
  #bytes = 0;
  #ordinal: number;
  /** Those of the places that may be dropped, by their keys, oldest first. */
  #droppable: Map<number, Place[]> | undefined;
  readonly #limits: WaitingLineLimits;

  /** Marks go on from `mark`: those that were made before there was a line keep their meaning. */
  constructor(limits: WaitingLineLimits = defaultWaitingLineLimits, mark = 0) {
    this.#limits = limits;
    this.#ordinal = mark;
  }

  get length(): number {
    return this.#places.length;
  }

  get byteLength(): number {
    return this.#bytes;
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

  /**
   * Puts an item at the end of the line of which at most `limit` of its `key`
   * wait: for a new one the oldest goes. True if one had to.
   */
  joinDroppable(item: Uint8Array, key: number, limit: number): boolean {
    const places = this.#droppable?.get(key) ?? [];
    let dropped = false;
    const isFull = () => places.length >= limit || this.#bytes + item.length > this.#limits.bytes;
    for (let oldest = places[0]; oldest !== undefined && isFull(); oldest = places[0]) {
      places.shift();
      this.#places.splice(this.#places.indexOf(oldest), 1);
      this.#bytes -= oldest.item.length;
      dropped = true;
    }
    this.#push(item, true, undefined, key);
    return dropped;
  }

  /** Puts what had been admitted too early before all others; each has the mark that was made with it. */
  putInFront(items: readonly Early[]): void {
    const early = items.map((each) => ({ ...each, waiter: undefined, key: undefined }));
    this.#places = [...early, ...this.#places];
    for (const { item } of items) this.#bytes += item.length;
  }

  #push(item: Uint8Array, charged: boolean, waiter: Waiter | undefined, key?: number): void {
    const place = { item, charged, waiter, key, ordinal: ++this.#ordinal };
    this.#places.push(place);
    this.#bytes += item.length;
    if (key === undefined) return;
    this.#droppable ??= new Map();
    const others = this.#droppable.get(key);
    if (others === undefined) this.#droppable.set(key, [place]);
    else others.push(place);
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
      if (place.key !== undefined) this.#droppable?.get(place.key)?.shift();
      place.waiter?.admitted();
    }
  }

  /** Empties the line: nobody will be admitted any more. */
  fail(error: DuplexError): void {
    const places = this.#places;
    this.#places = [];
    this.#bytes = 0;
    this.#droppable = undefined;
    for (const { waiter } of places) waiter?.failed(error);
  }
}
