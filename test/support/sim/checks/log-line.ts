import type { Envelope } from '../../envelope.js';

/** Tells of a rule that the log breaks. */
export type Complain = (rule: string, message: string) => void;

/** An item as the log shows it: what it holds, and whose call it is. */
export interface LoggedItem {
  readonly number: number;
  readonly callId: number;
  readonly replyTo: number;
  readonly bytes: Uint8Array;
  /** The call that the application made, if its request says so. */
  readonly id: string | undefined;
  /** Whether it is a call that serves one of the receiver's: no window gates it, and it keeps no place. */
  readonly isNested: boolean;
}

/** An acknowledgement alone goes after five seconds, one of more than 64 items after one second. */
const ACK_DELAY_MS = 5_000;
const MUCH_ACK_DELAY_MS = 1_000;
const MUCH = 64;
/** So much later goes one that waits for the writer. */
const MAX_WRITE_MS = 500;
/** What opens a stream of requests; they have credit of their own. */
const CALL_OPEN = 17;
/** Contents that the receiver's window does not gate, beside answers: the ends of calls. */
const UNGATED = new Set([18, 19, 20]);

/** What one side of a session sent, and what the other side got and said of it: checker B's view of one direction. */
export class LogLine {
  readonly items = new Map<number, LoggedItem>();
  /** The highest number that was ever written. */
  written = 0;
  /** The highest number up to which everything was read by the receiver. */
  read = 0;
  /** What the sender heard: all up to these is held, or released. */
  heardAck = 0;
  heardReleased = 0;
  /** After a promise nothing above this number starts anything. */
  promised: number | undefined;
  /** Calls whose requests are a stream. */
  readonly #streams = new Set<number>();
  /** The numbers of the requests of calls. */
  readonly #numbers = new Map<string, number>();
  /** The numbers of items that start something. */
  readonly #starts = new Set<number>();
  /** Those of them that the receiver's window gates. */
  readonly #gated = new Set<number>();
  /** What the receiver said last. */
  #saidAck = 0;
  #saidReleased = 0;
  /** Since when the receiver has something to acknowledge. */
  #owesSince: number | undefined;
  /** Since when it is much. */
  #owesMuchSince: number | undefined;
  /** The number that has to come next on the present stream. */
  #next = 1;
  readonly #complain: Complain;
  readonly #name: string;

  constructor(name: string, complain: Complain) {
    this.#name = name;
    this.#complain = complain;
  }

  /** A new stream: the receiver said that it holds all up to `received`. */
  rewind(received: number): void {
    if (received > this.written) this.#complain('marks', `${this.#name}: holds ${received} of ${this.written}`);
    if (received < this.heardAck)
      this.#complain('marks', `${this.#name}: holds ${received}, acknowledged ${this.heardAck}`);
    this.#next = received + 1;
  }

  /** The sender wrote a frame of items. */
  write(seq: number, items: readonly LoggedItem[]): void {
    if (seq !== this.#next) this.#complain('numbers', `${this.#name}: wrote ${seq} where ${this.#next} is next`);
    items.forEach((item, index) => {
      const number = seq + index;
      const before = this.items.get(number);
      if (before === undefined) this.#keep(number, item);
      else if (!isSame(before, item)) this.#complain('replay', `${this.#name}: ${number} is not what it was`);
      if (this.promised !== undefined && number > this.promised && this.#starts.has(number)) {
        this.#complain('promise', `${this.#name}: ${number} starts something after a promise of ${this.promised}`);
      }
    });
    this.#next = seq + items.length;
    this.written = Math.max(this.written, this.#next - 1);
  }

  #keep(number: number, item: LoggedItem): void {
    this.items.set(number, item);
    if (item.id !== undefined) this.#numbers.set(item.id, number);
    const isInStream = this.#streams.has(item.callId);
    if (item.number === CALL_OPEN) this.#streams.add(item.callId);
    if (item.replyTo !== 0 || UNGATED.has(item.number) || isInStream) return;
    this.#starts.add(number);
    if (!item.isNested) this.#gated.add(number);
  }

  /** The receiver read a frame of items. */
  take(seq: number, count: number, now: number): void {
    this.owe(now);
    if (seq <= this.read + 1) this.read = Math.max(this.read, seq + count - 1);
    if (this.read - this.#saidAck > MUCH) this.#owesMuchSince ??= now;
  }

  /** Whether the receiver has read the request of a call. */
  hasRead(id: string): boolean {
    return (this.#numbers.get(id) ?? 0) <= this.read;
  }

  /** The receiver got something, or began something: it has to say so soon. */
  owe(now: number): void {
    this.#owesSince ??= now;
  }

  #dueBy(now: number): number {
    const since = this.#owesSince ?? now;
    const muchSince = this.#owesMuchSince;
    if (muchSince === undefined) return since + ACK_DELAY_MS;
    return Math.max(muchSince, since + MUCH_ACK_DELAY_MS);
  }

  /** The receiver wrote an acknowledgement. */
  say({ ack = 0, backlog = 0 }: Envelope, now: number, isCalm: boolean): void {
    const late = now - this.#dueBy(now);
    this.#owesSince = undefined;
    this.#owesMuchSince = undefined;
    if (isCalm && late > MAX_WRITE_MS) this.#complain('acks', `${this.#name}: an acknowledgement is ${late} ms late`);
    const released = this.#released(ack, backlog);
    // Whoever is over has nothing more to say.
    if (ack === 0) return;
    if (ack > this.read)
      this.#complain('acks', `${this.#name}: ${ack} is acknowledged, but only ${this.read} were read`);
    if (ack < this.#saidAck) this.#complain('acks', `${this.#name}: acknowledged ${ack} after ${this.#saidAck}`);
    if (released < this.#saidReleased) {
      this.#complain('acks', `${this.#name}: released ${released} after ${this.#saidReleased}`);
    }
    this.#saidAck = Math.max(this.#saidAck, ack);
    this.#saidReleased = Math.max(this.#saidReleased, released);
  }

  /** The sender read an acknowledgement. */
  hear({ ack = 0, backlog = 0 }: Envelope): void {
    this.heardAck = Math.max(this.heardAck, ack);
    this.heardReleased = Math.max(this.heardReleased, this.#released(ack, backlog));
  }

  /** What lies before the last `backlog` items that start something. */
  #released(ack: number, backlog: number): number {
    let released = ack;
    for (let waiting = backlog; waiting > 0 && released > 0; released--) {
      if (this.#gated.has(released)) waiting -= 1;
    }
    return released;
  }

  /** How much of the receiver's window what was written takes up. */
  get open(): { readonly items: number; readonly bytes: number } {
    let items = 0;
    let bytes = 0;
    for (let number = this.heardReleased + 1; number <= this.written; number++) {
      if (!this.#gated.has(number)) continue;
      items += 1;
      bytes += this.items.get(number)?.bytes.length ?? 0;
    }
    return { items, bytes };
  }
}

function isSame(a: LoggedItem, b: LoggedItem): boolean {
  if (a.number !== b.number || a.callId !== b.callId || a.replyTo !== b.replyTo) return false;
  return a.bytes.length === b.bytes.length && a.bytes.every((byte, index) => byte === b.bytes[index]);
}
