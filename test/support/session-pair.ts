import { DuplexError } from '../../src/errors.js';
import { type Credentials, type Hello, Ping } from '../../src/gen/duplex/v1/session.js';
import { Session } from '../../src/session/session.js';
import type { SessionEnd } from '../../src/session/session-end.js';
import type { SessionListener, SessionOptions } from '../../src/session/session-options.js';
import { defaultTerms, type SessionTerms } from '../../src/session/terms.js';
import type { ReceivedItem } from '../../src/wire/frame-decoder.js';
import { bareHead, ItemEncoder, type ItemHead } from '../../src/wire/item-encoder.js';
import { controlOf, decodeEnvelope } from './envelope.js';
import { usualOptions } from './session-options.js';

const encoder = new ItemEncoder();
/** The arm of what peers tell each other here. */
export const TELL = 100;

/** An item that says a number; `size` pads it to about so many bytes. */
export function telling(id: number, head: Partial<ItemHead> = {}): Uint8Array {
  return encoder.encode({ ...bareHead, ...head }, TELL, Ping, { id });
}

type Signal = { readonly frame: Uint8Array } | { readonly over: 'ended' } | { readonly over: DuplexError };

/** One side of a pair: a session, and an application that tells numbers and notes what it is told. */
export class Side implements SessionListener {
  readonly session: Session;
  /** Numbers told by the other side, in the order in which they came. */
  readonly told: number[] = [];
  /** Call ids of the answers that came. */
  readonly answers: number[] = [];
  readonly events: string[] = [];
  /** Why calls in the line failed. */
  readonly failures: DuplexError[] = [];
  end: SessionEnd | undefined;
  /** How often a client was asked who it is. */
  questions = 0;
  /** First bytes of the credentials that a service was shown in its session. */
  readonly shown: number[] = [];
  /** Which items wait for `begin`. */
  holds: (id: number) => boolean = () => false;
  /** Handlers that run and may still send. */
  running = 0;
  /** Answers awaited. */
  awaited = 0;
  /** How many calls the line has let go. */
  admitted = 0;
  /** Whether a write is in flight: then nothing is polled. */
  writing = false;
  /** What is on its way to this side. */
  readonly inbox: Signal[] = [];
  departed: string | undefined;
  readonly held: { readonly id: number; readonly byteLength: number }[] = [];
  readonly #pair: SessionPair;

  constructor(pair: SessionPair, options: SessionOptions) {
    this.#pair = pair;
    this.session = new Session(options, this);
  }

  /** Tells the other side a number, or queues it. */
  tell(id: number): void {
    this.send(telling(id));
  }

  send(item: Uint8Array): void {
    const { sender } = this.session;
    if (sender.offer(item)) return;
    sender.wait(item, {
      admitted: () => {
        this.admitted += 1;
      },
      failed: (error) => this.failures.push(error),
    });
  }

  /** The oldest held item gets its handler. */
  begin(): void {
    const first = this.held.shift();
    if (first !== undefined) this.session.release(first.byteLength, this.#pair.now);
  }

  opening(): void {
    this.events.push('opening');
    if (this.#pair.accepts) this.accept();
  }

  accept(): void {
    this.session.accept({ sessionId: Uint8Array.of(1), issueToken: () => this.#pair.newToken() }, this.#pair.now);
  }

  opened(): void {
    this.events.push('opened');
  }

  confirmed(): void {
    this.events.push('confirmed');
  }

  credentialsWanted(): void {
    this.questions += 1;
  }

  credentials({ value }: Credentials): void {
    this.shown.push(value[0] ?? 0);
  }

  suspended(): void {
    this.events.push('suspended');
  }

  resumed(): void {
    this.events.push('resumed');
  }

  item(item: ReceivedItem): boolean {
    if (item.replyTo !== 0) {
      this.answers.push(item.replyTo);
      return true;
    }
    const { id } = item.decode(Ping);
    this.told.push(id);
    if (!this.holds(id)) return true;
    this.held.push({ id, byteLength: item.byteLength });
    return false;
  }

  credit(): void {}

  room(): void {}

  closing({ origin }: SessionEnd): void {
    this.events.push(`closing ${origin}`);
  }

  closed(end: SessionEnd): void {
    this.events.push('closed');
    this.end = end;
  }

  isIdle(): boolean {
    return this.running === 0 && this.awaited === 0;
  }

  awaitsPeer(): boolean {
    return this.awaited > 0;
  }

  wake(): void {}
}

/** How the sides of a pair differ from the usual. */
export interface PairOptions {
  readonly client?: Partial<SessionOptions>;
  readonly service?: Partial<SessionOptions>;
  readonly clientTerms?: Partial<SessionTerms>;
  readonly serviceTerms?: Partial<SessionTerms>;
}

/**
 * Two sessions and the carrier between them, without I/O and without time of
 * their own. A test moves frames one by one, or all with `settle`.
 */
export class SessionPair {
  now = 0;
  /** Whether the service lets clients in at once; else the test calls `service.accept`. */
  accepts = true;
  readonly client: Side;
  readonly service: Side;
  #served = false;
  #greeted = false;
  #tokens = 0;

  constructor({ client = {}, service = {}, clientTerms = {}, serviceTerms = {} }: PairOptions = {}) {
    let nonce = 0;
    const randomBytes = (length: number): Uint8Array => new Uint8Array(length).fill(++nonce);
    const common = { ...usualOptions, randomBytes };
    this.client = new Side(this, { ...common, ...client, role: 'client', terms: { ...defaultTerms, ...clientTerms } });
    this.service = new Side(this, {
      ...common,
      ...service,
      role: 'service',
      terms: { ...defaultTerms, ...serviceTerms },
    });
  }

  /** A pair whose session is open. */
  static opened(options: PairOptions = {}): SessionPair {
    const pair = new SessionPair(options);
    pair.connect();
    pair.settle();
    return pair;
  }

  get sides(): readonly [Side, Side] {
    return [this.client, this.service];
  }

  other(side: Side): Side {
    return side === this.client ? this.service : this.client;
  }

  newToken(): Uint8Array {
    this.#tokens += 1;
    return Uint8Array.of(2, this.#tokens);
  }

  /** Gives the client a carrier. The service gets its end with the first frame. */
  connect(): void {
    this.#greeted = false;
    for (const side of this.sides) {
      side.inbox.length = 0;
      side.writing = false;
    }
    this.client.departed = undefined;
    // The service has no part in a carrier before its first frame.
    this.service.departed = 'not there yet';
    this.client.session.attach(this.now);
  }

  /** The carrier breaks; what is on its way is lost. */
  cut(message = 'cut'): void {
    for (const side of this.sides) {
      side.inbox.length = 0;
      side.departed = 'lost';
      if (side.session.state !== 'created') side.session.carrierLost(new DuplexError('lost', message), this.now);
    }
  }

  /** Puts what a side wants written next on its way, at most one frame; false if there is none. */
  poll(side: Side): boolean {
    if (side.departed !== undefined || side.writing || side.session.state === 'created') return false;
    const frame = side.session.poll(this.now);
    const to = this.other(side).inbox;
    if (frame !== undefined) {
      to.push({ frame: frame.slice() });
      side.session.written();
      return true;
    }
    return this.#leave(side);
  }

  /** Hands a side what arrived for it next; false if nothing did. */
  deliver(side: Side): boolean {
    const signal = side.inbox.shift();
    if (signal === undefined) return false;
    if ('frame' in signal) this.#hand(side, signal.frame);
    else if (signal.over === 'ended') side.session.peerEnded(this.now);
    else side.session.carrierLost(signal.over, this.now);
    return true;
  }

  /** Lets both sides say and hear all that they can without time passing. */
  settle(): void {
    for (let rounds = 0; rounds < 1_000_000; rounds++) {
      const moved = this.sides.map((side) => this.poll(side) || this.deliver(side));
      if (!moved.includes(true)) return;
    }
    throw new Error('the two sessions never come to rest');
  }

  /** Lets time pass, with all that happens meanwhile. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (let ticks = 0; ticks < 100_000; ticks++) {
      const next = Math.min(...this.sides.map(({ session }) => session.deadline));
      if (next > end) {
        this.now = end;
        return this.settle();
      }
      this.now = Math.max(this.now, next);
      for (const { session } of this.sides) if (session.deadline <= this.now) session.tick(this.now);
      this.settle();
    }
    throw new Error('deadlines that pass and stay');
  }

  /** The frames that are on their way to a side, read. */
  arriving(side: Side) {
    return side.inbox.flatMap((signal) => ('frame' in signal ? [decodeEnvelope(signal.frame)] : []));
  }

  #hand(side: Side, frame: Uint8Array): void {
    if (side !== this.service || this.#greeted) return side.session.receive(frame, this.now);
    this.#greeted = true;
    side.departed = undefined;
    const hello = helloIn(frame);
    if (this.#served && hello !== undefined) {
      if (!side.session.resume(hello, this.now)) throw new Error('the Hello came late');
      return;
    }
    this.#served = true;
    side.session.attach(this.now);
    side.session.receive(frame, this.now);
  }

  /** A side leaves the carrier, if it wants to. */
  #leave(side: Side): boolean {
    const { departure, state } = side.session;
    const how = departure?.how ?? (state === 'closed' ? 'cancel' : undefined);
    if (how === undefined) return false;
    const to = this.other(side).inbox;
    if (how === 'half-close') {
      if (side.events.includes('half-closed')) return false;
      side.events.push('half-closed');
      to.push({ over: 'ended' });
      return true;
    }
    side.departed = how;
    const error =
      departure?.how === 'end' ? departure.error : new DuplexError('lost', 'cancelled', { origin: 'remote' });
    to.push({ over: error ?? 'ended' });
    return true;
  }
}

function helloIn(frame: Uint8Array): Hello | undefined {
  const kind = controlOf(decodeEnvelope(frame));
  return kind?.$case === 'hello' ? kind.value : undefined;
}
