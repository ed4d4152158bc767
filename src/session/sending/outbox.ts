import { Batch, type FrameNumbers } from '../../wire/batch.js';
import type { ItemBytes } from '../../wire/encoded-item.js';
import { SpareMemory } from '../../wire/spare-memory.js';
import type { Acknowledgement } from '../receiving/receipts.js';
import { defaultTerms, GATHER_BYTES, type SessionTerms } from '../terms.js';
import { NumberedItems } from './numbered-items.js';
import { Shares } from './shares.js';

/** An item up to this length may be kept where it is. */
const MAX_LONE = 1_024;
/** The part of the window that awaited calls fill on the way to a peer that is late: when that has arrived it is acknowledged at once. */
const LATE_SHARE = 1 / 4;
/** Items that go with a control message have no more bytes than this: it has to arrive soon, and may be refused. */
const BEHIND_BYTES = 16 * 1024;
/** More than a control has with which items go, credentials apart. */
const CONTROL_BYTES = 512;

/**
 * What this side sends: numbered when it is admitted, kept until the peer holds
 * it, charged to the peer's window until the peer has dispatched it. At the
 * plain level the same numbers exist, but no frame carries them and what is
 * written counts as dispatched.
 *
 *     released ≤ acked ≤ framed ≤ lastSeq
 *
 * Source: PROTOCOL.md, section 7.
 */
export class Outbox {
  /** Number of the last item admitted. */
  lastSeq = 0;
  /** Number of the last item that a frame of the current carrier took along. */
  framed = 0;
  /** Number of the last item that the peer holds. */
  acked = 0;
  #released = 0;
  /** Number of the last item that any carrier took along. */
  #everFramed = 0;
  /** Items that start something and that the peer holds, but has not dispatched. */
  #heldItems = 0;
  #openItems = 0;
  #openBytes = 0;
  /** Bytes of what the peer does not hold yet. */
  #keptBytes = 0;
  #terms: SessionTerms = defaultTerms;
  #lastFrameBytes = 0;
  #lastFrameItems = 0;
  /** Whether the peer has said anything since the last frame. */
  #heardSince = false;
  /** In turn: what a frame took along, and what waits for the next ones. */
  readonly #entries: NumberedItems[] = [];
  /** The last of them, as long as no frame was cut from it: it takes further items. */
  #open: NumberedItems | undefined;
  /** Made when the first batch has arrived. */
  #spares: SpareMemory | undefined;
  readonly #shares = new Shares();
  /** Index of the entry that holds item `framed + 1`. */
  #next = 0;
  /** Whether there is a carrier that takes frames. */
  flows = false;
  /** Whether the peer is late to acknowledge: then awaited calls are sent less far ahead. */
  isLate = false;

  /** Where in its batch the next item is. */
  get #nextIndex(): number {
    return (this.#entries[this.#next] as NumberedItems).indexOf(this.framed + 1);
  }

  /** The receiver's terms, once they are known. */
  set terms(terms: SessionTerms) {
    this.#terms = terms;
  }

  /** Whether everything admitted was put into a frame. */
  get drained(): boolean {
    return this.framed === this.lastSeq;
  }

  /**
   * Whether there is one item to be framed, that before it went alone, too, and
   * no others are to be expected: either all before has arrived, so nobody else
   * awaits an answer, or nothing came since, so nobody is answering anything.
   */
  get sendsOneByOne(): boolean {
    const isOne = this.#lastFrameItems === 1 && this.lastSeq === this.framed + 1;
    return isOne && (this.acked === this.framed || !this.#heardSince);
  }

  /**
   * Whether more waits to be framed than the next frame takes, though frames
   * are taken, or too much is on its way already.
   */
  get isAhead(): boolean {
    return this.flows && (this.#entries.length > this.#next + 1 || this.#isFilled);
  }

  /** Whether that concerns who sent an item. */
  isFar(seq: number): boolean {
    if (!this.flows) return false;
    const next = this.#entries[this.#next];
    return this.#isFilled || (next !== undefined && seq > next.lastSeq);
  }

  /** Whether as much as awaited calls should is on its way to a peer that is late, or more. */
  get #isFilled(): boolean {
    if (!this.isLate) return false;
    const { windowItems, windowBytes } = this.#terms;
    return this.lastSeq - this.acked > windowItems * LATE_SHARE || this.#keptBytes > windowBytes * LATE_SHARE;
  }

  /** Whether items that have credit of their own may be added: what the peer does not hold yet is bounded, too. */
  get hasRoom(): boolean {
    return this.#keptBytes < this.#terms.windowBytes;
  }

  /** Bytes that the peer does not hold yet, or that it has not released. */
  get heldBytes(): number {
    return Math.max(this.#keptBytes, this.#openBytes);
  }

  /** Whether the window takes an item of this size now. An empty window always takes one. */
  admits(byteLength: number): boolean {
    if (this.#openItems === 0) return true;
    const { windowItems, windowBytes } = this.#terms;
    return this.#openItems < windowItems && this.#openBytes + byteLength <= windowBytes;
  }

  /** Where the next item will probably go; undefined if it begins a batch. */
  get openBatch(): Batch | undefined {
    return this.#open?.batch;
  }

  /** Adds an item that starts something. The caller has asked `admits` before. */
  charge(item: ItemBytes): void {
    const { length } = item;
    this.#openItems += 1;
    this.#openBytes += length;
    this.#append(item, true);
  }

  /** Adds an item that the window does not gate: answers and cancels. */
  add(item: ItemBytes): void {
    this.#append(item, false);
  }

  #append(item: ItemBytes, isGated: boolean): void {
    const { length } = item;
    let entry = this.#open;
    if (entry !== undefined && entry.batch.byteLength + length <= GATHER_BYTES) entry.batch.append(item);
    else entry = this.#joinLoose(item) ?? this.#begin(item);
    entry.count(length, isGated);
    this.#keptBytes += length;
    this.lastSeq += 1;
  }

  /**
   * An item that goes alone, as the one before it. To share a batch, and not
   * have one each until they are acknowledged, saves 1 µs of the 21 that one
   * message to each of many sessions takes.
   */
  #joinLoose(item: ItemBytes): NumberedItems | undefined {
    const last = this.#entries.at(-1);
    if (last?.batch.isLoose !== true || !this.drained || !this.#goesAlone(item)) return undefined;
    if (last.batch.byteLength + item.length > GATHER_BYTES) return undefined;
    last.batch.appendLoose(item);
    this.#next = this.#entries.length - 1;
    return last;
  }

  #begin(item: ItemBytes): NumberedItems {
    const entry = new NumberedItems(this.#batchWith(item), this.lastSeq + 1);
    this.#entries.push(entry);
    this.#open = entry;
    return entry;
  }

  #batchWith(item: ItemBytes): Batch {
    if (this.#goesAlone(item)) return Batch.ofOne(item);
    const capacity = this.#capacity(item.length);
    const batch = new Batch(this.#spares?.take(capacity) ?? new Uint8Array(capacity));
    batch.append(item);
    return batch;
  }

  #goesAlone(item: ItemBytes): item is Uint8Array {
    return this.#lastFrameItems === 1 && item instanceof Uint8Array && item.length <= MAX_LONE;
  }

  /** Room for as much as the last frame took, or a full one after a full one: then it need not grow many times. */
  #capacity(itemLength: number): number {
    const expected = this.#open === undefined ? this.#lastFrameBytes : GATHER_BYTES;
    return Batch.capacityFor(Math.max(expected, itemLength));
  }

  /** The next frame in the session's numbering, as many items as the peer's terms allow. */
  nextFrame({ ack, backlog }: Acknowledgement): Uint8Array {
    const share = this.#shares.next(this.#fitting(this.#terms.frameBytes - 32), this.framed - this.acked);
    return this.#cut(share, { seq: this.framed + 1, ack, backlog });
  }

  /** How many of the next items, no more than `most`, may go with a control message in one frame. */
  countBehind(most: number): number {
    if (most === 0 || this.drained) return 0;
    const room = Math.min(BEHIND_BYTES, this.#terms.frameBytes - CONTROL_BYTES);
    const next = this.#entries[this.#next] as NumberedItems;
    return next.sizeOf(this.framed + 1) > room ? 0 : Math.min(most, this.#fitting(room));
  }

  /** How many of the next items fit into a frame that has so many bytes for them; at least one. */
  #fitting(room: number): number {
    const { batch, lastSeq } = this.#entries[this.#next] as NumberedItems;
    const index = this.#nextIndex;
    return Math.min(this.#terms.frameItems, batch.upTo(index, room) - index, lastSeq - this.framed);
  }

  /** So many of them behind `head`, the frame of the control message. */
  frameBehind(head: Uint8Array, count: number): Uint8Array {
    const from = this.#nextIndex;
    return this.#take(count).frameBehind(head, from, from + count);
  }

  /** What was framed has not arrived, and never will: it is as if no carrier had taken it along. */
  takeBackFramed(): void {
    if (this.rewind(0)) this.#everFramed = 0;
  }

  /** Whether more was admitted, before the peer's terms were known, than its window takes. */
  get isOverfull(): boolean {
    const { windowItems, windowBytes } = this.#terms;
    // One item may have gone with the Hello.
    if (this.#everFramed > 1 || this.#openItems < 2) return false;
    return this.#openItems > windowItems || this.#openBytes > windowBytes;
  }

  /** Gives back, in order, all that was admitted and not framed. */
  takeBack(): readonly { readonly item: Uint8Array; readonly charged: boolean; readonly seq: number }[] {
    const entries = this.#entries.splice(this.#next);
    this.#open = undefined;
    this.lastSeq = this.framed;
    return entries.flatMap((entry) => {
      const { firstSeq, lastSeq } = entry;
      this.#openItems -= entry.gatedItems;
      this.#openBytes -= entry.gatedBytes;
      this.#keptBytes -= entry.bytes;
      return Array.from({ length: lastSeq + 1 - firstSeq }, (_, index) => ({
        item: entry.batch.itemAt(entry.indexOf(firstSeq + index)),
        charged: entry.isGated(firstSeq + index),
        seq: firstSeq + index,
      }));
    });
  }

  /** The next frame at the plain level: one item without numbers. */
  nextPlainFrame(): Uint8Array {
    this.acknowledge(this.framed, 0);
    return this.#cut(1, { seq: 0, ack: 0, backlog: 0 });
  }

  /** Takes so many items of the next entry into a frame. */
  #cut(count: number, numbers: FrameNumbers): Uint8Array {
    const from = this.#nextIndex;
    return this.#take(count).frame(from, from + count, numbers);
  }

  /** Takes so many items of the next entry along; the batch that they are in. */
  #take(count: number): Batch {
    const entry = this.#entries[this.#next] as NumberedItems;
    if (entry === this.#open) this.#open = undefined;
    this.#lastFrameItems = count;
    this.#heardSince = false;
    this.#lastFrameBytes = Math.min(entry.batch.byteLength, GATHER_BYTES);
    this.framed += count;
    if (this.framed > this.#everFramed) this.#everFramed = this.framed;
    if (this.framed < entry.lastSeq) this.#entries.splice(this.#next, 0, entry.takeUpTo(this.framed));
    this.#next += 1;
    return entry.batch;
  }

  /**
   * Takes the peer's word that it holds all up to `ack`, and that of what
   * starts something in it the last `backlog` items are not dispatched yet.
   * False if it claims what was never sent.
   */
  acknowledge(ack: number, backlog: number): boolean {
    if (ack > this.framed || backlog > ack) return false;
    this.#heardSince = true;
    // Less than it said before is said by a control that acknowledges nothing: then its backlog is none, either.
    if (ack < this.acked) return true;
    this.#hold(ack);
    this.#release(backlog);
    return true;
  }

  /**
   * A new carrier: the peer holds all up to `received`, what comes after is
   * framed again. False if that is not a mark that the peer can have.
   */
  rewind(received: number): boolean {
    if (received < this.acked || received > this.#everFramed) return false;
    this.#hold(received);
    this.framed = received;
    this.#next = this.#entries.findIndex(({ lastSeq }) => lastSeq > received);
    if (this.#next < 0) this.#next = this.#entries.length;
    return true;
  }

  /** The number of the first item that can still be replayed. */
  get firstKept(): number {
    return this.acked + 1;
  }

  /** Whether any carrier took an item along. What none did has not arrived. */
  wasFramed(seq: number): boolean {
    return seq <= this.#everFramed;
  }

  /** How many items the peer may or may not have dispatched. */
  get unknown(): number {
    return this.#everFramed - this.#released;
  }

  /** How many admitted items no carrier ever took along. */
  get unframed(): number {
    return this.lastSeq - this.#everFramed;
  }

  /** The peer holds all up to `seq`. */
  #hold(seq: number): void {
    let index = 0;
    while (this.acked < seq) {
      const entry = this.#entries[index++] as NumberedItems;
      const { firstSeq, lastSeq } = entry;
      const last = Math.min(seq, lastSeq);
      if (this.acked < firstSeq && last === lastSeq) {
        this.#heldItems += entry.gatedItems;
        this.#keptBytes -= entry.bytes;
        this.acked = last;
        continue;
      }
      for (let n = this.acked + 1; n <= last; n++) {
        if (entry.isGated(n)) this.#heldItems += 1;
        this.#keptBytes -= entry.sizeOf(n);
      }
      if (last > this.acked) this.acked = last;
    }
  }

  /** Of what the peer holds all is dispatched but the last `backlog` items that start something. */
  #release(backlog: number): void {
    while (this.#released < this.acked) {
      const first = this.#entries[0] as NumberedItems;
      const { firstSeq, lastSeq: last } = first;
      if (backlog === 0 && this.#released < firstSeq && this.acked >= last) {
        this.#heldItems -= first.gatedItems;
        this.#openItems -= first.gatedItems;
        this.#openBytes -= first.gatedBytes;
        this.#released = last;
        this.#forgetFirst();
        continue;
      }
      const next = this.#released + 1;
      if (first.isGated(next)) {
        if (this.#heldItems <= backlog) return;
        this.#heldItems -= 1;
        this.#openItems -= 1;
        this.#openBytes -= first.sizeOf(next);
      }
      this.#released = next;
      if (next === last) this.#forgetFirst();
    }
  }

  #forgetFirst(): void {
    const first = this.#entries.shift();
    this.#next -= 1;
    this.#spares ??= new SpareMemory();
    const memory = first?.endBatch === true ? first.batch.memory : undefined;
    if (memory !== undefined) this.#spares.give(memory);
    if (this.#entries.length === 0) this.#spares.rest();
  }
}
