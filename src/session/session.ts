import { Code, DuplexError } from '../errors.js';
import { Control, type Goodbye, type Hello, Reason, Result, type Welcome } from '../gen/duplex/v1/session.js';
import { ackFrame } from '../wire/batch.js';
import { type ControlMessage, controlFrame } from '../wire/control.js';
import { Field } from '../wire/fields.js';
import { FrameDecoder, type ReceivedItem } from '../wire/frame-decoder.js';
import { helloFor, objectionTo, rejection, welcomeFor } from './handshake.js';
import { Liveness } from './liveness.js';
import { Outbox } from './outbox.js';
import { Receipts } from './receipts.js';
import { endOf, errorOf, orderlyEnd, type SessionEnd } from './session-end.js';
import { type StateName, transition } from './states.js';
import { defaultTerms, type SessionTerms, termsOf } from './terms.js';
import { type Waiter, WaitingLine, type WaitingLineLimits } from './waiting-line.js';

/** Operations of a plain client that may wait for their handlers before its stream is no longer read. */
const PLAIN_QUEUE_ITEMS = 256;

/** What a session has to know from the start. Times are milliseconds. */
export interface SessionOptions {
  readonly role: 'client' | 'service';
  /** Full name of the service contract. */
  readonly contract: string;
  /** What a client asks for; a service takes what its client speaks. */
  readonly level: 'session' | 'plain';
  readonly terms: SessionTerms;
  readonly waiting: WaitingLineLimits;
  /** How long the peer may take to open the session. */
  readonly openTimeoutMs: number;
  /** How long closing in order may take before the session is cut. */
  readonly closeTimeoutMs: number;
  /** `length` unpredictable bytes. */
  readonly randomBytes: (length: number) => Uint8Array;
}

/** What a session tells whoever drives calls over it. None of these may throw. */
export interface SessionListener {
  /** Service only: a client wants in. Answered by `accept` or `refuse`, at once or later. */
  opening(): void;
  /** Frames may be exchanged now. */
  opened(): void;
  /** An item arrived in turn. True if it was dispatched; false if it waits, until `release`. */
  item(item: ReceivedItem): boolean;
  /** The peer, or this side, asked to close in order: no new calls from now on. */
  closing(end: SessionEnd): void;
  /** The session is over; nothing comes after this. */
  closed(end: SessionEnd): void;
  /** Whether no call is running, held or awaited, so that a closing session may end. */
  isIdle(): boolean;
  /** Whether an answer of the peer is awaited. */
  awaitsPeer(): boolean;
  /** There may be something to poll. */
  wake(): void;
}

/** What shall become of the carrier once everything polled is written. */
export type Departure =
  | { readonly how: 'half-close' }
  | { readonly how: 'end'; readonly error?: DuplexError }
  | { readonly how: 'cancel' };

/**
 * One session of a duplex contract as either role sees it: numbering, windows,
 * liveness, opening and closing. It does no I/O and owns no timer: a driver
 * feeds it what happened, with the time, and polls what is to be done.
 *
 *     inputs    attach, receive, peerEnded, carrierLost, written, tick  (from the carrier)
 *               accept, refuse, offer, answer, …, close, abort          (from the application)
 *     outputs   poll → the next frame to write     departure → what then
 *               deadline → when to call tick       SessionListener → what arrived
 *
 * After any input the driver polls until there is no frame left. A plain
 * session is the same with its capabilities off: no numbers, one item a frame,
 * and what is written counts as dispatched. Source: PROTOCOL.md.
 */
export class Session {
  #state: StateName = 'created';
  #level: 'session' | 'plain' | undefined;
  #end: SessionEnd | undefined;
  #departure: Departure | undefined;
  #openBy = Number.POSITIVE_INFINITY;
  #closeBy = Number.POSITIVE_INFINITY;
  #peerTerms = defaultTerms;
  /** The number up to which the peer promised to start things, once it did. */
  #peerLastSeq: number | undefined;
  #goodbyeSaid = false;
  #peerHalfClosed = false;
  readonly #controls: (ControlMessage | 'empty')[] = [];
  readonly #decoder = new FrameDecoder();
  readonly #outbox = new Outbox();
  readonly #liveness = new Liveness();
  readonly #receipts: Receipts;
  readonly #line: WaitingLine;
  readonly #options: SessionOptions;
  readonly #listener: SessionListener;

  constructor(options: SessionOptions, listener: SessionListener) {
    this.#options = options;
    this.#listener = listener;
    this.#receipts = new Receipts(options.terms);
    this.#line = new WaitingLine(options.waiting);
    if (options.role === 'client') this.#level = options.level;
  }

  get state(): StateName {
    return this.#state;
  }

  /** Why the session is over or about to be; undefined before. */
  get end(): SessionEnd | undefined {
    return this.#end;
  }

  /** What the peer accepts. */
  get peerTerms(): SessionTerms {
    return this.#peerTerms;
  }

  // ---------------------------------------------------------------- carrier

  /** A carrier stands ready. A client introduces itself, a service waits for that. */
  attach(now: number): void {
    this.#move('attach');
    this.#openBy = now + this.#options.openTimeoutMs;
    this.#liveness.heard(now);
    if (this.#options.role === 'service') return;
    if (this.#level === 'session') {
      const { contract, randomBytes, terms } = this.#options;
      this.#controls.push({ $case: 'hello', value: helloFor(contract, randomBytes(16), terms) });
    } else {
      this.#controls.push('empty');
      this.#open(now);
    }
  }

  /** A frame arrived. */
  receive(frame: Uint8Array, now: number): void {
    if (this.#state === 'closed') return;
    this.#liveness.heard(now);
    try {
      this.#decoder.read(frame);
      this.#takeFrame(now);
      this.#advanceLine();
    } catch (error) {
      this.#violated(DuplexError.from(error, 'protocol'));
    }
  }

  /** The peer will send nothing more, and said so in order. */
  peerEnded(): void {
    this.#peerHalfClosed = true;
    if (this.#state === 'closed') return;
    const { role } = this.#options;
    if (role === 'service' && this.#state === 'created') return;
    if (role === 'service' && this.#level === 'plain') {
      // Half-close of a plain client: finish what runs, flush, end.
      this.#peerLastSeq = 0;
      if (this.#state === 'open') this.#beginClosing(orderlyEnd('remote', 'the client closed'));
    } else if (role === 'client' && (this.#level === 'plain' || this.#isComplete())) {
      this.#finish(this.#end ?? orderlyEnd('remote', 'the service closed the session'));
    } else if (role === 'client' || !this.#goodbyeSaid) {
      this.carrierLost(new DuplexError('lost', 'the stream ended in the middle of the session', { origin: 'remote' }));
    }
  }

  /** The carrier is gone; `error` says why. */
  carrierLost(error: DuplexError): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'opening' && error.kind === 'lost') {
      const { code, origin, message } = error;
      return this.#finish(endOf(new DuplexError('unavailable', message, { code, origin })));
    }
    this.#finish(this.#isComplete() && this.#end !== undefined ? this.#end : endOf(error));
  }

  /** The last frame polled is written; the carrier takes another one. */
  written(): void {
    if (this.#level !== 'plain') return;
    this.#outbox.acknowledge(this.#outbox.framed, 0);
    this.#advanceLine();
  }

  /** `deadline` has come. */
  tick(now: number): void {
    if (this.#state === 'closed') return;
    if (now >= this.#openBy) {
      const error = new DuplexError('timeout', `no session within ${this.#options.openTimeoutMs} ms`);
      this.#finish(endOf(error), this.#options.role === 'client' ? { how: 'cancel' } : { how: 'end', error });
    } else if (now >= this.#closeBy) {
      const error = new DuplexError('timeout', `not closed within ${this.#options.closeTimeoutMs} ms`);
      this.#finish(endOf(error), this.#options.role === 'client' ? { how: 'cancel' } : { how: 'end', error });
    } else if (this.#watches()) {
      const verdict = this.#liveness.check(now);
      if (verdict === 'probe') this.#controls.push({ $case: 'ping', value: { id: 1 } });
      if (verdict === 'dead') {
        const error = new DuplexError('lost', 'the peer does not answer any more');
        this.#finish(endOf(error), { how: 'cancel' });
      }
    }
  }

  /** When `tick` has to be called next, in the driver's milliseconds. */
  get deadline(): number {
    if (this.#state === 'closed') return Number.POSITIVE_INFINITY;
    const lively = this.#watches() ? this.#liveness.deadline : Number.POSITIVE_INFINITY;
    const ack = this.#level === 'session' ? this.#receipts.deadline : Number.POSITIVE_INFINITY;
    return Math.min(this.#openBy, this.#closeBy, lively, ack);
  }

  /** The next frame to write, or undefined if there is none. */
  poll(now: number): Uint8Array | undefined {
    const control = this.#controls.shift();
    if (control !== undefined) return this.#cutControl(control);
    if (this.#state !== 'open' && this.#state !== 'closing') return undefined;
    if (this.#departure !== undefined) return undefined;
    if (!this.#outbox.drained) return this.#cutItems();
    if (this.#state === 'closing') {
      this.#closeStep();
      const goodbye = this.#controls.shift();
      if (goodbye !== undefined) return this.#cutControl(goodbye);
    }
    if (this.#level === 'session' && now >= this.#receipts.deadline) {
      const numbers = this.#numbers();
      return ackFrame(numbers);
    }
    return undefined;
  }

  /** What to do with the carrier once `poll` has nothing left; undefined: keep it. */
  get departure(): Departure | undefined {
    return this.#departure;
  }

  /**
   * Whether the driver should stop reading: a plain client has no window, so
   * its stream is what slows it down. Never while an answer of this very peer
   * is awaited, for it could not be read.
   */
  get congested(): boolean {
    return this.#level === 'plain' && this.#receipts.held >= PLAIN_QUEUE_ITEMS && !this.#listener.awaitsPeer();
  }

  // ------------------------------------------------------------ application

  /** Service: lets the client in. */
  accept(now: number): void {
    if (this.#state !== 'opening') return;
    if (this.#level === 'session') {
      const { randomBytes, terms } = this.#options;
      this.#controls.push({ $case: 'welcome', value: welcomeFor(randomBytes(16), terms) });
    }
    this.#open(now);
    if (this.#peerHalfClosed) this.#beginClosing(orderlyEnd('remote', 'the client closed'));
    this.#listener.wake();
  }

  /** Service: turns the client away with a typed reason. */
  refuse(error: DuplexError): void {
    if (this.#state !== 'opening') return;
    if (this.#level === 'session') {
      const { code, message, retryAfterMs = 0 } = error;
      this.#sayGoodbye({ reason: Reason.UNSPECIFIED, code, message, retryAfterMs });
      this.#finish(endOf(error), { how: 'end' });
    } else this.#finish(endOf(error), { how: 'end', error });
    this.#listener.wake();
  }

  /** Sends an item that starts something, if the window takes it now; false if not. */
  offer(item: Uint8Array): boolean {
    this.#checkSendable(item);
    if (this.#line.length > 0 || !this.#outbox.admits(item.length)) return false;
    this.#outbox.charge(item);
    this.#listener.wake();
    return true;
  }

  /** Queues an item that `offer` did not take. Throws RESOURCE_EXHAUSTED if too many wait already. */
  wait(item: Uint8Array, waiter: Waiter): void {
    this.#line.join(item, waiter);
  }

  /** A mark for `answer`: what is sent from now on belongs before the answer. */
  get sendMark(): number {
    return this.#line.mark;
  }

  /** Sends an answer or a cancel. No window gates it; it waits only for what was sent since `mark`. */
  answer(item: Uint8Array, mark: number): void {
    if (this.#state === 'closed') return;
    if (this.#line.waitsAfter(mark)) this.#line.joinAnswer(item);
    else this.#outbox.add(item);
    this.#listener.wake();
  }

  /** Sends the present state. While the window is full a newer one replaces it. */
  sendState(item: Uint8Array): void {
    if (this.#state === 'closed' || this.#finalSaid()) return;
    if (this.#line.length === 0 && this.#outbox.admits(item.length)) this.#outbox.charge(item);
    else this.#line.joinState(item);
    this.#listener.wake();
  }

  /** The handler of a held item has begun. */
  release(now: number): void {
    this.#receipts.release(now);
    if (this.#level === 'plain' || this.#receipts.deadline <= now) this.#listener.wake();
  }

  /** Closes in order: everything sent so far, and what it brings back, still arrives. */
  close(now: number, message: string): void {
    if (this.#state === 'created' || this.#state === 'opening') this.abort(orderlyEnd('local', message));
    if (this.#state !== 'open') return;
    this.#closeBy = now + this.#options.closeTimeoutMs;
    this.#beginClosing(orderlyEnd('local', message));
    if (this.#options.role === 'service' && this.#level === 'session') {
      this.#sayGoodbye({ reason: Reason.CLOSED, message });
    }
    this.#listener.wake();
  }

  /** Ends the session at once, in any state. */
  abort(end: SessionEnd): void {
    if (this.#state === 'closed') return;
    const error = errorOf(end, 'maybe');
    this.#finish(end, this.#options.role === 'client' ? { how: 'cancel' } : { how: 'end', error });
    this.#listener.wake();
  }

  // ---------------------------------------------------------------- inside

  #move(input: Parameters<typeof transition>[1]): void {
    this.#state = transition(this.#state, input);
  }

  #open(now: number): void {
    this.#move('welcome');
    this.#openBy = Number.POSITIVE_INFINITY;
    this.#outbox.terms = this.#peerTerms;
    const { pingMs, pingTimeoutMs } = this.#options.terms;
    this.#liveness.start(now, pingMs, pingTimeoutMs);
    this.#listener.opened();
  }

  /** Whether silence of the peer means something: at the plain level that is HTTP/2's affair. */
  #watches(): boolean {
    return this.#level === 'session' && (this.#state === 'open' || this.#state === 'closing');
  }

  #takeFrame(now: number): void {
    const decoder = this.#decoder;
    if (this.#level === undefined) {
      this.#level = this.#startsPlain() ? 'plain' : 'session';
      if (this.#level === 'plain') this.#listener.opening();
    }
    if (this.#level === 'session' && !this.#outbox.acknowledge(decoder.ack, decoder.backlog)) {
      throw violation(`it acknowledges ${decoder.ack}, but only ${this.#outbox.framed} were sent`);
    }
    for (let seq = decoder.seq; decoder.next(); seq++) {
      const { item } = decoder;
      if (item.number === Field.control) this.#takeControl(item, now);
      else if (this.#level === 'plain') this.#dispatch(item, now);
      else if (this.#isInTurn(seq, now)) this.#dispatch(item, now);
      if (this.#state === 'closed') return;
    }
  }

  /** A session starts with a Hello, everything else is a plain client. */
  #startsPlain(): boolean {
    if (this.#decoder.itemCount === 0) return true;
    // Looking at the first item does not consume it: the decoder has read it already.
    return this.#decoder.item.number !== Field.control;
  }

  #isInTurn(seq: number, now: number): boolean {
    if (this.#state === 'created' || this.#state === 'opening') throw violation('it sends items before the Welcome');
    if (seq === 0) throw violation('an item has no number');
    if (seq > this.#receipts.received + 1) throw violation(`item ${this.#receipts.received + 1} is missing`);
    if (seq > this.#receipts.received) return true;
    this.#receipts.hurry(now);
    return false;
  }

  #dispatch(item: ReceivedItem, now: number): void {
    if (this.#level === 'session') this.#receipts.take(item.byteLength, now);
    if (this.#listener.item(item)) return;
    this.#receipts.held += 1;
    if (this.#level === 'plain' && this.#receipts.held > 4 * PLAIN_QUEUE_ITEMS) {
      throw new DuplexError('refused', `${this.#receipts.held} operations wait for their handlers: send less at a time`, {
        code: Code.RESOURCE_EXHAUSTED,
      });
    }
  }

  #takeControl(item: ReceivedItem, now: number): void {
    if (this.#level === 'plain') throw violation('a plain session has no control messages');
    const { kind } = item.decode(Control);
    switch (kind?.$case) {
      case 'hello':
        return this.#takeHello(kind.value);
      case 'welcome':
        return this.#takeWelcome(kind.value, now);
      case 'ping':
        this.#receipts.hurry(now);
        this.#controls.push({ $case: 'pong', value: kind.value });
        return;
      case 'goodbye':
        return this.#takeGoodbye(kind.value, now);
    }
  }

  #takeHello(hello: Hello): void {
    if (this.#options.role !== 'service' || this.#state !== 'opening') throw violation('a Hello out of place');
    this.#peerTerms = termsOf(hello.terms);
    const objection = objectionTo(hello, this.#options.contract);
    if (objection === undefined) this.#listener.opening();
    else this.refuse(objection);
  }

  #takeWelcome(welcome: Welcome, now: number): void {
    if (this.#options.role !== 'client' || this.#state !== 'opening') throw violation('a Welcome out of place');
    if (welcome.result === Result.PLAIN) this.#level = 'plain';
    else if (welcome.result !== Result.OPENED) return this.#finish(endOf(rejection(welcome)), { how: 'cancel' });
    this.#peerTerms = termsOf(welcome.terms);
    this.#open(now);
  }

  #takeGoodbye(goodbye: Goodbye, now: number): void {
    const { code, message, reason, retryAfterMs, lastSeq } = goodbye;
    if (this.#state === 'opening' || code !== Code.OK) {
      const kind = reason === Reason.PROTOCOL_ERROR ? 'protocol' : this.#state === 'opening' ? 'refused' : 'closed';
      const end: SessionEnd = { kind, origin: 'remote', code: code as Code, message, retryAfterMs };
      return this.#finish(end, this.#options.role === 'client' ? { how: 'cancel' } : { how: 'end' });
    }
    if (lastSeq !== undefined) this.#peerLastSeq = lastSeq;
    if (this.#state !== 'open') return;
    this.#closeBy = now + this.#options.closeTimeoutMs;
    this.#beginClosing(orderlyEnd('remote', message === '' ? 'the peer closed the session' : message));
  }

  #beginClosing(end: SessionEnd): void {
    this.#end = end;
    this.#move('close');
    this.#listener.closing(end);
  }

  /** Does what the state of a closing session allows: the final Goodbye, then leaving the carrier. */
  #closeStep(): void {
    if (this.#line.length > 0 || this.#departure !== undefined) return;
    const { role } = this.#options;
    if (this.#level === 'plain') {
      if (role === 'client') this.#departure = { how: 'half-close' };
      else if (this.#hasFinished()) this.#finish(this.#end as SessionEnd, { how: 'end' });
    } else if (role === 'client') {
      if (!this.#goodbyeSaid) this.#sayLastGoodbye();
      else if (this.#isComplete()) this.#departure = { how: 'half-close' };
    } else if (!this.#goodbyeSaid) {
      if (this.#hasFinished()) this.#sayLastGoodbye();
    } else if (this.#peerHalfClosed) this.#finish(this.#end as SessionEnd, { how: 'end' });
  }

  /** Whether all that the peer started has been received and is done, and nothing is awaited from it. */
  #hasFinished(): boolean {
    if (!this.#listener.isIdle() || this.#receipts.held > 0) return false;
    if (this.#level === 'plain') return true;
    return this.#peerLastSeq !== undefined && this.#receipts.received >= this.#peerLastSeq;
  }

  /** Whether both sides have said and seen everything. */
  #isComplete(): boolean {
    return this.#goodbyeSaid && this.#hasFinished() && this.#outbox.acked === this.#outbox.lastSeq;
  }

  /** Whether this side promised to start nothing more. */
  #finalSaid(): boolean {
    return this.#goodbyeSaid;
  }

  #sayLastGoodbye(): void {
    this.#goodbyeSaid = true;
    const { message } = this.#end as SessionEnd;
    this.#sayGoodbye({ reason: Reason.CLOSED, message, lastSeq: this.#outbox.lastSeq });
  }

  #sayGoodbye(goodbye: Partial<Goodbye>): void {
    const value: Goodbye = {
      ...{ reason: Reason.UNSPECIFIED, code: Code.OK, message: '', mayResume: false, retryAfterMs: 0, target: '' },
      lastSeq: undefined,
      ...goodbye,
    };
    this.#controls.push({ $case: 'goodbye', value });
  }

  #checkSendable(item: Uint8Array): void {
    if (this.#end !== undefined && (this.#state === 'closed' || this.#finalSaid())) throw errorOf(this.#end, 'no');
    const { itemBytes } = this.#peerTerms;
    if (item.length <= itemBytes) return;
    throw new DuplexError('fault', `a message of ${item.length} bytes is over the peer's limit of ${itemBytes} bytes`, {
      code: Code.RESOURCE_EXHAUSTED,
    });
  }

  #advanceLine(): void {
    if (this.#line.length === 0) return;
    const outbox = this.#outbox;
    this.#line.advance(
      (byteLength) => outbox.admits(byteLength),
      (item, charged) => (charged ? outbox.charge(item) : outbox.add(item)),
    );
  }

  #numbers(): { seq: number; ack: number; backlog: number } {
    const { received, held } = this.#receipts;
    this.#receipts.said();
    return { seq: 0, ack: received, backlog: held };
  }

  #cutControl(control: ControlMessage | 'empty'): Uint8Array {
    return control === 'empty' ? new Uint8Array(0) : controlFrame(control, this.#numbers());
  }

  #cutItems(): Uint8Array {
    if (this.#level === 'plain') return this.#outbox.nextPlainFrame();
    const { received, held } = this.#receipts;
    this.#receipts.said();
    return this.#outbox.nextFrame(received, held);
  }

  #violated(error: DuplexError): void {
    if (this.#options.role === 'client') {
      if (this.#level === 'session') {
        this.#sayGoodbye({ reason: Reason.PROTOCOL_ERROR, code: error.code, message: error.message });
      }
      this.#finish(endOf(error), { how: 'cancel' });
    } else this.#finish(endOf(error), { how: 'end', error });
  }

  #finish(end: SessionEnd, departure?: Departure): void {
    this.#end = end;
    if (departure !== undefined) this.#departure = departure;
    this.#move('end');
    this.#line.fail(errorOf(end, 'no'));
    this.#listener.closed(end);
  }
}

function violation(what: string): DuplexError {
  return new DuplexError('protocol', `the peer broke the protocol: ${what}`, { origin: 'remote' });
}
