import { Code, DuplexError } from '../errors.js';
import { Control, type Goodbye, type Hello, type Marks, Reason, Result, type Welcome } from '../gen/duplex/v1/session.js';
import { ackFrame } from '../wire/batch.js';
import { type ControlMessage, controlFrame } from '../wire/control.js';
import { Field } from '../wire/fields.js';
import { FrameDecoder, type ReceivedItem } from '../wire/frame-decoder.js';
import { Backoff } from './backoff.js';
import { Closing, type ClosingFacts, goodbye } from './closing.js';
import { errorFromRejection, helloFor, objectionTo, rejectionFor, type SessionIdentity, welcomeFor } from './handshake.js';
import { Liveness } from './liveness.js';
import { Outbox } from './outbox.js';
import { Receipts } from './receipts.js';
import { endOf, errorOf, isOrderly, orderlyEnd, type SessionEnd } from './session-end.js';
import type { Departure, SessionListener, SessionOptions } from './session-options.js';
import { type StateInput, type StateName, transition } from './states.js';
import { defaultTerms, type SessionTerms, termsOf } from './terms.js';
import { type Waiter, WaitingLine } from './waiting-line.js';

/** Operations of a plain client that may wait for their handlers before its stream is no longer read. */
const PLAIN_QUEUE_ITEMS = 256;
/** Gaps in a row that a resume may mend; a peer that still leaves one is broken. */
const MAX_GAPS = 3;
const NEVER = Number.POSITIVE_INFINITY;
/** The marks of a client that received nothing and sent nothing. */
const noMarks: Marks = Object.freeze({ received: 0, first: 1, last: 0 });
const cancel: Departure = Object.freeze({ how: 'cancel' });

/**
 * One session of a duplex contract as either role sees it: numbering, windows,
 * replay, liveness, opening and closing. It does no I/O and owns no timer: a
 * driver feeds it what happened, with the time, and polls what is to be done.
 *
 *     inputs    attach, receive, peerEnded, carrierLost, written, tick  (from the carrier)
 *               accept, refuse, resume, offer, answer, …, close, abort  (from the application)
 *     outputs   poll → the next frame to write      departure → what then
 *               deadline → when to call tick        redialAt → when a new carrier is wanted
 *               SessionListener → what arrived
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
  #openBy = NEVER;
  #closeBy = NEVER;
  #resumeBy = NEVER;
  #redialAt = NEVER;
  #ttlMs = 0;
  #attempt = 0;
  #gaps = 0;
  #unconfirmed = false;
  #identity: SessionIdentity | undefined;
  #peerTerms = defaultTerms;
  #peerHalfClosed = false;
  /** Control messages to send; `ack` is an acknowledgement alone. */
  #controls: (ControlMessage | 'ack')[] = [];
  readonly #openNonce: Uint8Array;
  readonly #decoder = new FrameDecoder();
  readonly #outbox = new Outbox();
  readonly #liveness = new Liveness();
  readonly #backoff: Backoff;
  readonly #closing: Closing;
  readonly #receipts: Receipts;
  readonly #line: WaitingLine;
  readonly #options: SessionOptions;
  readonly #listener: SessionListener;

  constructor(options: SessionOptions, listener: SessionListener) {
    this.#options = options;
    this.#listener = listener;
    this.#receipts = new Receipts(options.terms);
    this.#line = new WaitingLine(options.waiting);
    this.#closing = new Closing(options.role);
    this.#backoff = new Backoff(options.backoff, options.random);
    this.#openNonce = options.role === 'client' ? options.randomBytes(16) : new Uint8Array(0);
    if (options.role === 'client') this.#level = options.level;
  }

  get state(): StateName {
    return this.#state;
  }

  /** Whether it closes, or has. */
  get isClosing(): boolean {
    return this.#closing.end !== undefined || this.#state === 'closed';
  }

  /** What the peer accepts. */
  get peerTerms(): SessionTerms {
    return this.#peerTerms;
  }

  // ---------------------------------------------------------------- carrier

  /** A carrier stands ready. A client introduces itself, a service waits for that. */
  attach(now: number): void {
    if (this.#state === 'created' && this.#openBy === NEVER) this.#openBy = now + this.#options.openTimeoutMs;
    this.#move('attach');
    this.#redialAt = NEVER;
    this.#departure = undefined;
    this.#peerHalfClosed = false;
    this.#controls = [];
    this.#liveness.heard(now);
    if (this.#options.role === 'service') return;
    if (this.#level === 'session') this.#controls.push({ $case: 'hello', value: this.#hello() });
    else {
      this.#controls.push('ack');
      this.#open(now);
    }
  }

  /** A frame arrived. */
  receive(frame: Uint8Array, now: number): void {
    if (this.#state === 'closed') return;
    this.#liveness.heard(now);
    try {
      this.#decoder.read(frame);
      if (this.#unconfirmed) this.#confirm();
      this.#takeFrame(now);
      this.#advanceLine();
    } catch (error) {
      this.#violated(DuplexError.from(error, 'protocol'));
    }
  }

  /** The peer will send nothing more over this carrier, and said so in order. */
  peerEnded(now: number): void {
    this.#peerHalfClosed = true;
    if (this.#state === 'closed') return;
    const { role } = this.#options;
    if (role === 'service' && this.#level === 'plain') {
      // Half-close of a plain client: finish what runs, flush, end.
      this.#closing.peerPromises(0);
      if (this.#state === 'open') this.#beginClosing(orderlyEnd('remote', 'the client closed'));
    } else if (role === 'client' && this.#level === 'plain') {
      this.#finish(this.#closing.end ?? orderlyEnd('remote', 'the service closed the session'));
    } else if (role === 'client' || !this.#closing.promised) {
      const message =
        this.#level === undefined
          ? 'the stream ended without a message: an empty envelope opens a session that only listens'
          : 'the stream ended in the middle of the session';
      this.carrierLost(new DuplexError('lost', message, { origin: 'remote' }), now);
    }
  }

  /** The carrier is gone; `error` says why. */
  carrierLost(error: DuplexError, now: number): void {
    if (this.#state === 'closed') return;
    const { end } = this.#closing;
    if (end !== undefined && this.#closing.isComplete(this.#facts())) this.#finish(end);
    else if (this.#survives(error, now)) this.#cut(error, now);
    else if (this.#state === 'opening' && error.kind === 'lost') {
      const { code, origin, message } = error;
      this.#finish(endOf(new DuplexError('unavailable', message, { code, origin })));
    } else this.#finish(endOf(error));
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
    if (now >= this.#openBy) this.#timedOut(`no session within ${this.#options.openTimeoutMs} ms`);
    else if (now >= this.#closeBy) this.#timedOut(`not closed within ${this.#options.closeTimeoutMs} ms`);
    else if (now >= this.#resumeBy) {
      this.#finish(endOf(new DuplexError('lost', `the connection did not come back within ${this.#ttlMs} ms`)), cancel);
    } else if (this.#watches()) {
      const verdict = this.#liveness.check(now);
      if (verdict === 'probe') this.#controls.push({ $case: 'ping', value: { id: 1 } });
      if (verdict === 'dead') this.carrierLost(new DuplexError('lost', 'the peer does not answer any more'), now);
    }
  }

  /** When `tick` has to be called next, in the driver's milliseconds. */
  get deadline(): number {
    if (this.#state === 'closed') return NEVER;
    const lively = this.#watches() ? this.#liveness.deadline : NEVER;
    const ack = this.#level === 'session' && this.#state === 'open' ? this.#receipts.deadline : NEVER;
    return Math.min(this.#openBy, this.#closeBy, this.#resumeBy, lively, ack);
  }

  /** Client: when it wants to be given a new carrier; Infinity while it does not. */
  get redialAt(): number {
    return this.#state === 'closed' ? NEVER : this.#redialAt;
  }

  /** The next frame to write, or undefined if there is none. */
  poll(now: number): Uint8Array | undefined {
    const control = this.#controls.shift();
    if (control !== undefined) return this.#cutControl(control);
    if (this.#state !== 'open' || this.#departure !== undefined) return undefined;
    if (!this.#outbox.drained) return this.#cutItems();
    if (this.#closing.end !== undefined) this.#closeStep();
    if (this.#controls.length > 0) return this.poll(now);
    if (this.#level === 'session' && now >= this.#receipts.deadline) return this.#cutControl('ack');
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

  /** Service: lets the client in. The identity is what it will have to show to resume. */
  accept(identity: SessionIdentity, now: number): void {
    if (this.#state !== 'opening') return;
    if (this.#level === 'session') {
      this.#identity = identity;
      const terms = { ...this.#options.terms, ttlMs: this.#ttlMs };
      this.#controls.push({ $case: 'welcome', value: welcomeFor(identity, terms) });
      this.#unconfirmed = true;
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
      this.#controls.push({ $case: 'goodbye', value: goodbye({ code, message, retryAfterMs }) });
      this.#finish(endOf(error), { how: 'end' });
    } else this.#finish(endOf(error), { how: 'end', error });
    this.#listener.wake();
  }

  /**
   * Service: goes on over a new carrier, whose Hello the caller has verified.
   * Fences the old carrier, if it still exists. A Hello without a session id
   * comes from a client whose first Welcome was lost. False for a Hello that came
   * late: then nothing has happened, and the present carrier stays.
   */
  resume(hello: Hello, issueToken: () => Uint8Array, now: number): boolean {
    if (this.#identity === undefined || hello.attempt <= this.#attempt) return false;
    if (this.#state !== 'open' && this.#state !== 'resuming') return false;
    this.#attempt = hello.attempt;
    if (this.#state === 'open') this.#cut(new DuplexError('lost', 'another stream took over'), now);
    this.attach(now);
    const reopens = hello.sessionId.length === 0;
    if (!this.#matches(reopens ? noMarks : hello.marks)) {
      this.#controls.push({ $case: 'welcome', value: rejectionFor(Reason.GAP) });
      this.#finish(endOf(new DuplexError('lost', 'the client misses what can no longer be replayed')), { how: 'end' });
      return true;
    }
    this.#identity = { ...this.#identity, token: issueToken(), epoch: this.#identity.epoch + 1 };
    const terms = { ...this.#options.terms, ttlMs: this.#ttlMs };
    const marks = reopens ? undefined : this.#marks();
    this.#controls.push({ $case: 'welcome', value: welcomeFor(this.#identity, terms, marks) });
    this.#unconfirmed = true;
    this.#goOn(now);
    return true;
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
    if (this.#state === 'closed' || this.#closing.promised) return;
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
    if (this.#state === 'closed' || this.#closing.end !== undefined) return;
    this.#closeBy = now + this.#options.closeTimeoutMs;
    this.#beginClosing(orderlyEnd('local', message));
    if (this.#options.role === 'service' && this.#level === 'session' && this.#state === 'open') this.#sayGoodbye();
    this.#listener.wake();
  }

  /** Ends the session at once, in any state. */
  abort(end: SessionEnd): void {
    if (this.#state === 'closed') return;
    this.#finish(end, this.#options.role === 'client' ? cancel : { how: 'end', error: errorOf(end, 'maybe') });
    this.#listener.wake();
  }

  // ---------------------------------------------------------------- states

  #move(input: StateInput): void {
    this.#state = transition(this.#state, input);
  }

  #open(now: number): void {
    this.#outbox.terms = this.#peerTerms;
    this.#join(now);
    this.#listener.opened();
  }

  /** The session goes on where the peer's marks say. */
  #goOn(now: number): void {
    this.#join(now);
    if (this.#closing.promised || (this.#closing.end?.origin === 'local' && this.#options.role === 'service')) {
      this.#sayGoodbye();
    }
    this.#listener.resumed();
    this.#listener.wake();
  }

  #join(now: number): void {
    this.#move('welcome');
    this.#openBy = NEVER;
    this.#resumeBy = NEVER;
    this.#backoff.reset();
    const { pingMs, pingTimeoutMs } = this.#options.terms;
    this.#liveness.start(now, pingMs, pingTimeoutMs);
    // Whatever the old carrier may have lost of this side's acknowledgements.
    if (this.#receipts.received > 0) this.#receipts.hurry(now);
  }

  /** Whether a session outlives the loss of its carrier for this reason. */
  #survives(error: DuplexError, now: number): boolean {
    if (error.kind !== 'lost' && error.kind !== 'unavailable' && error.kind !== 'timeout') return false;
    if (this.#level !== 'session' || now >= this.#resumeBy) return false;
    if (this.#state === 'opening') return this.#options.role === 'client' && this.#options.retryOpen;
    return this.#ttlMs > 0;
  }

  #cut(error: DuplexError, now: number): void {
    if (this.#state === 'open') {
      this.#resumeBy = now + this.#ttlMs;
      this.#listener.suspended(error);
    }
    this.#move('cut');
    this.#departure = cancel;
    this.#controls = [];
    if (this.#options.role === 'client') this.#redialAt = now + (error.retryAfterMs ?? this.#backoff.nextMs());
  }

  #timedOut(message: string): void {
    const error = new DuplexError('timeout', message);
    this.#finish(endOf(error), this.#options.role === 'client' ? cancel : { how: 'end', error });
  }

  #finish(end: SessionEnd, departure?: Departure): void {
    const { unknown } = this.#outbox;
    this.#end = isOrderly(end) || unknown === 0 ? end : { ...end, unknownItems: unknown };
    if (departure !== undefined) this.#departure = departure;
    this.#move('end');
    this.#line.fail(errorOf(end, 'no'));
    this.#listener.closed(this.#end);
  }

  #violated(error: DuplexError): void {
    if (this.#options.role === 'client') {
      const { code, message } = error;
      if (this.#level === 'session') {
        this.#controls.push({ $case: 'goodbye', value: goodbye({ reason: Reason.PROTOCOL_ERROR, code, message }) });
      }
      this.#finish(endOf(error), cancel);
    } else this.#finish(endOf(error), { how: 'end', error });
  }

  /** Whether silence of the peer means something: at the plain level that is HTTP/2's affair. */
  #watches(): boolean {
    return this.#level === 'session' && this.#state === 'open';
  }

  // ---------------------------------------------------------------- receiving

  #takeFrame(now: number): void {
    const decoder = this.#decoder;
    if (this.#level === undefined) {
      // Looking at the first item does not consume it: the decoder has read it already.
      const isHello = decoder.itemCount > 0 && decoder.item.number === Field.control;
      this.#level = isHello ? 'session' : 'plain';
      if (!isHello) this.#listener.opening(undefined);
    }
    if (this.#level === 'session' && !this.#outbox.acknowledge(decoder.ack, decoder.backlog)) {
      throw violation(`it acknowledges ${decoder.ack}, but only ${this.#outbox.framed} were sent`);
    }
    for (let seq = decoder.seq; decoder.next(); seq++) {
      const { item } = decoder;
      if (item.number === Field.control) this.#takeControl(item, now);
      else if (this.#level === 'plain') this.#dispatch(item, now);
      else if (this.#isInTurn(seq, now)) this.#dispatch(item, now);
      if (this.#state === 'closed' || this.#state === 'resuming') return;
    }
  }

  /** The first frame after a Welcome shows that the client has the token in it. */
  #confirm(): void {
    this.#unconfirmed = false;
    this.#listener.confirmed();
  }

  #isInTurn(seq: number, now: number): boolean {
    if (this.#state !== 'open') throw violation('it sends items before the Welcome');
    if (seq === 0) throw violation('an item has no number');
    const next = this.#receipts.received + 1;
    if (seq === next) return true;
    if (seq < next) this.#receipts.hurry(now);
    else if (this.#ttlMs === 0 || ++this.#gaps > MAX_GAPS) throw violation(`item ${next} is missing`);
    else this.carrierLost(new DuplexError('lost', `item ${next} is missing`), now);
    return false;
  }

  #dispatch(item: ReceivedItem, now: number): void {
    if (this.#level === 'session') {
      this.#receipts.take(item.byteLength, now);
      this.#gaps = 0;
    }
    if (this.#listener.item(item)) return;
    this.#receipts.held += 1;
    if (this.#level === 'plain' && this.#receipts.held > 4 * PLAIN_QUEUE_ITEMS) {
      const message = `${this.#receipts.held} operations wait for their handlers: send less at a time`;
      throw new DuplexError('refused', message, { code: Code.RESOURCE_EXHAUSTED });
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
    this.#attempt = hello.attempt;
    this.#peerTerms = termsOf(hello.terms);
    this.#ttlMs = Math.min(this.#options.terms.ttlMs, this.#peerTerms.ttlMs);
    const objection = objectionTo(hello, this.#options.contract);
    if (objection === undefined) this.#listener.opening(hello);
    else this.refuse(objection);
  }

  #takeWelcome(welcome: Welcome, now: number): void {
    const opens = this.#state === 'opening' && (welcome.result === Result.OPENED || welcome.result === Result.PLAIN);
    const resumes = this.#state === 'resuming' && welcome.result === Result.RESUMED;
    if (this.#options.role !== 'client' || (this.#state !== 'opening' && this.#state !== 'resuming')) {
      throw violation('a Welcome out of place');
    }
    if (!opens && !resumes) return this.#rejected(welcome, now);
    if (resumes && !this.#matches(welcome.marks)) throw violation('its marks do not fit what was sent and received');
    if (welcome.result === Result.PLAIN) this.#level = 'plain';
    const { sessionId, token, epoch } = welcome;
    this.#identity = { sessionId, token, epoch };
    this.#peerTerms = termsOf(welcome.terms);
    this.#ttlMs = welcome.terms?.ttlMs ?? 0;
    // One frame at once: it tells the service that its new token arrived.
    if (this.#level === 'session') this.#controls.push('ack');
    if (opens) this.#open(now);
    else this.#goOn(now);
  }

  #rejected(welcome: Welcome, now: number): void {
    const { end } = this.#closing;
    const error = errorFromRejection(welcome);
    if (welcome.reason === Reason.CLOSED && end !== undefined) this.#finish(end, cancel);
    else if (error.retryAfterMs !== undefined && this.#state === 'resuming') {
      this.#cut(error, now);
    } else this.#finish(error.kind === 'closed' ? orderlyEnd('remote', error.message) : endOf(error), cancel);
  }

  #takeGoodbye({ code, message, reason, retryAfterMs, lastSeq }: Goodbye, now: number): void {
    if (this.#state !== 'open' || code !== Code.OK) {
      const kind = reason === Reason.PROTOCOL_ERROR ? 'protocol' : this.#state === 'open' ? 'closed' : 'refused';
      const end: SessionEnd = { kind, origin: 'remote', code: code as Code, message, retryAfterMs };
      return this.#finish(end, this.#options.role === 'client' ? cancel : { how: 'end' });
    }
    this.#closing.peerPromises(lastSeq);
    if (this.#closing.end !== undefined) return;
    this.#closeBy = now + this.#options.closeTimeoutMs;
    this.#beginClosing(orderlyEnd('remote', message === '' ? 'the peer closed the session' : message));
  }

  // ---------------------------------------------------------------- resuming

  #hello(): Hello {
    this.#attempt += 1;
    const { contract, terms } = this.#options;
    return helloFor(contract, this.#openNonce, this.#attempt, terms, this.#identity, this.#marks());
  }

  #marks(): Marks {
    const { firstKept: first, lastSeq: last } = this.#outbox;
    return { received: this.#receipts.received, first, last };
  }

  /** Whether the peer's marks fit this side's; if so, the outbox stands where the peer is. */
  #matches(marks: Marks | undefined): boolean {
    if (marks === undefined) return false;
    const { received } = this.#receipts;
    return marks.first <= received + 1 && marks.last >= received && this.#outbox.rewind(marks.received);
  }

  // ---------------------------------------------------------------- closing

  #beginClosing(end: SessionEnd): void {
    this.#closing.begin(end);
    this.#listener.closing(end);
  }

  #facts(): ClosingFacts {
    const outbox = this.#outbox;
    return {
      drained: this.#line.length === 0 && outbox.drained,
      idle: this.#listener.isIdle() && this.#receipts.held === 0,
      received: this.#receipts.received,
      lastSeq: outbox.lastSeq,
      allAcked: outbox.acked === outbox.lastSeq,
    };
  }

  /** Does what the state of a closing session allows: the promise, then leaving the carrier. */
  #closeStep(): void {
    const facts = this.#facts();
    const { role } = this.#options;
    if (this.#level === 'plain') {
      if (role === 'client' && facts.drained) this.#departure = { how: 'half-close' };
      else if (role === 'service' && facts.drained && facts.idle) this.#leave();
    } else if (this.#closing.mayPromise(facts)) {
      this.#closing.promised = true;
      this.#sayGoodbye();
    } else if (this.#closing.isComplete(facts) && role === 'client') {
      // The half-close is the last word, so the acknowledgement has to go before it.
      if (this.#receipts.owes) this.#controls.push('ack');
      else this.#departure = { how: 'half-close' };
    } else if (this.#closing.promised && role === 'service' && this.#peerHalfClosed) this.#leave();
  }

  #leave(): void {
    this.#finish(this.#closing.end as SessionEnd, { how: 'end' });
  }

  #sayGoodbye(): void {
    this.#controls.push({ $case: 'goodbye', value: this.#closing.goodbye(this.#facts()) });
  }

  // ---------------------------------------------------------------- sending

  #checkSendable(item: Uint8Array): void {
    const end = this.#end ?? (this.#closing.promised ? this.#closing.end : undefined);
    if (end !== undefined) throw errorOf(end, 'no');
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

  #cutControl(control: ControlMessage | 'ack'): Uint8Array {
    const { received, held } = this.#receipts;
    // An acknowledgement rides on every control but Hello and Welcome, whose marks say the same.
    const joined = this.#level === 'session' && this.#state === 'open';
    const numbers = { seq: 0, ack: joined ? received : 0, backlog: joined ? held : 0 };
    if (joined) this.#receipts.said();
    return control === 'ack' ? ackFrame(numbers) : controlFrame(control, numbers);
  }

  #cutItems(): Uint8Array {
    if (this.#level === 'plain') return this.#outbox.nextPlainFrame();
    const { received, held } = this.#receipts;
    this.#receipts.said();
    return this.#outbox.nextFrame(received, held);
  }
}

function violation(what: string): DuplexError {
  return new DuplexError('protocol', `the peer broke the protocol: ${what}`, { origin: 'remote' });
}
