import { Code, DuplexError } from '../errors.js';
import { Control, type Goodbye, type Hello, Reason, Result, type Welcome } from '../gen/duplex/v1/session.js';
import type { ControlMessage } from '../wire/control.js';
import type { ReceivedItem } from '../wire/frame-decoder.js';
import { announcedEnd, Closing } from './closing.js';
import { Controls } from './controls.js';
import { Framing, type Reach } from './framing.js';
import { errorFromRejection, type Issuer, objectionTo, rejectionFor, turnedAway } from './handshake.js';
import { Liveness } from './liveness.js';
import type { Receipts } from './receiving/receipts.js';
import { asViolation, Receiver, type ReceiverListener, violation } from './receiving/receiver.js';
import { Resumption } from './resumption.js';
import type { Outbox } from './sending/outbox.js';
import { Sender } from './sending/sender.js';
import { endOf, endOfAttempt, endOfGoodbye, errorOf, orderlyEnd, type SessionEnd } from './session-end.js';
import type { Departure, SessionListener, SessionOptions } from './session-options.js';
import { type StateInput, type StateName, transition } from './states.js';
import { termsOf } from './terms.js';

/** Gaps in a row that a resume may mend; a peer that still leaves one is broken. */
const MAX_GAPS = 3;
const NEVER = Number.POSITIVE_INFINITY;
const cancel: Departure = Object.freeze({ how: 'cancel' });

/**
 * One session of a duplex contract as either role sees it: numbering, windows,
 * replay, liveness, opening and closing. It does no I/O and owns no timer: a
 * driver feeds it what happened, with the time, and polls what is to be done.
 *
 *     inputs    attach, greeting, receive, peerEnded, carrierLost, written, tick  (from the carrier)
 *               accept, refuse, resume, sender, controls, close, abort  (from the application)
 *     outputs   poll → the next frame to write      departure → what then
 *               deadline → when to call tick        redialAt → when a new carrier is wanted
 *               SessionListener → what arrived
 *
 * After any input the driver polls until there is no frame left. A plain
 * session is the same with its capabilities off: no numbers, one item a frame,
 * and what is written counts as dispatched. Source: PROTOCOL.md.
 */
export class Session implements ReceiverListener {
  /** What the application sends. */
  readonly sender: Sender;
  /** What it says beside that. */
  readonly controls: Controls;
  #state: StateName = 'created';
  #level: 'session' | 'plain' | undefined;
  #end: SessionEnd | undefined;
  #departure: Departure | undefined;
  #openBy = NEVER;
  #closeBy = NEVER;
  #resumeBy = NEVER;
  /** A client that wants to close before it is open: what it has sent must arrive first. */
  #closeOnceOpen: string | undefined;
  #unconfirmed = false;
  #peerHalfClosed = false;
  /** The time of the frame that is being taken. */
  #now = 0;
  /** Service: the Hello of the first frame, which its host has read already. */
  greeting: ControlMessage | undefined;
  readonly #liveness = new Liveness();
  readonly #framing: Framing;
  readonly #closing: Closing;
  readonly #receiver: Receiver;
  readonly #receipts: Receipts;
  readonly #outbox: Outbox;
  readonly #resumption: Resumption;
  readonly #options: SessionOptions;
  readonly #listener: SessionListener;

  constructor(options: SessionOptions, listener: SessionListener) {
    this.#options = options;
    this.#listener = listener;
    // The session itself listens to its parts: closures for each of ten thousand sessions would take their megabytes.
    this.#receiver = new Receiver(options.terms, options.decoders ?? [], this);
    this.controls = new Controls(this, listener);
    this.#receipts = this.#receiver.receipts;
    this.sender = new Sender(options, listener, this.#receipts, this.controls);
    this.#outbox = this.sender.outbox;
    this.#framing = new Framing(options.retryOpen, this.controls, this.sender);
    this.#closing = new Closing(options.role, this.sender, this.#receipts, listener);
    this.#resumption = new Resumption(options, this.#outbox, this.#receipts, this.controls);
    if (options.role === 'client') this.#level = options.level;
  }

  get state(): StateName {
    return this.#state;
  }

  /** Client: the id that both sides know the session by; undefined before it is open, and for a plain one. */
  get id(): Uint8Array | undefined {
    return this.#resumption.identity?.sessionId;
  }

  /** Undefined until a service has heard its client. */
  get level(): 'session' | 'plain' | undefined {
    return this.#level;
  }

  /** Whether the peers know each other by number, and can hear each other now. */
  get isJoined(): boolean {
    return this.#level === 'session' && this.#state === 'open';
  }

  get isClosing(): boolean {
    return this.#closing.end !== undefined;
  }

  /** Client: what stands between it and an open session, as far as that is known. */
  get obstacle(): string | undefined {
    return this.#resumption.obstacle;
  }

  // ---------------------------------------------------------------- carrier

  /** A carrier stands ready. A client introduces itself, a service waits for that. */
  attach(now: number, reach?: Reach): void {
    if (this.#state === 'created' && this.#openBy === NEVER) this.#openBy = now + this.#options.openTimeoutMs;
    this.#move('attach');
    this.#resumption.redialAt = NEVER;
    this.#departure = undefined;
    this.#peerHalfClosed = false;
    this.controls.clear();
    this.#liveness.start(now, this.#options.terms);
    if (this.#options.role === 'service') return;
    if (this.#level === 'plain') {
      this.controls.ack();
      return this.#open(now);
    }
    if (reach !== undefined && this.#state === 'opening') this.#framing.reach = reach;
    this.controls.greet((shown) => this.#resumption.nextHello(shown), this.#options.showsCredentials === true);
  }

  /** A frame arrived. */
  receive(frame: Uint8Array, now: number): void {
    if (this.#state === 'closed') return;
    this.#liveness.heard(now);
    try {
      this.#receiver.read(frame);
      this.#now = now;
      // The first frame after a Welcome shows that the client has the token in it.
      if (this.#unconfirmed) this.#listener.confirmed();
      this.#unconfirmed = false;
      this.#takeFrame(now);
      if (this.sender.advance(now)) this.#listener.room();
    } catch (error) {
      this.#fail(asViolation(error));
    } finally {
      this.#receiver.done();
    }
  }

  /** The peer will send nothing more over this carrier, and said so in order. */
  peerEnded(now: number): void {
    this.#peerHalfClosed = true;
    if (this.#state === 'closed') return;
    if (this.#options.role === 'service' && this.#level === 'plain') {
      // Half-close of a plain client: finish what runs, flush, end.
      this.#closing.peerPromises(0);
      if (this.#state === 'open') this.#beginClosing(orderlyEnd('remote', 'the client closed'));
    } else if (this.#options.role === 'client' && (this.#level === 'plain' || this.#closing.isComplete)) {
      this.#finish(this.#closing.end ?? orderlyEnd('remote', 'the service closed the session'));
    } else if (!this.#closing.isComplete) {
      // Even after the promise an end alone proves nothing: a connection that breaks begins with one.
      this.carrierLost(new DuplexError('lost', 'the stream ended too early', { origin: 'remote' }), now);
    }
  }

  /** The carrier is gone; `error` says why. */
  carrierLost(error: DuplexError, now: number): void {
    if (this.#state === 'closed') return;
    if (this.#closing.isComplete) this.#finish(this.#closing.end as SessionEnd);
    else if (this.#survives(error, now)) this.#cut(error, now);
    else this.#finish(this.#state === 'opening' ? endOfAttempt(error) : endOf(error));
  }

  /** The last frame polled is written; the carrier takes another one. */
  written(): void {
    if (this.#level !== 'plain') return this.sender.holding?.written();
    this.#outbox.acknowledge(this.#outbox.framed, 0);
    if (this.sender.advance()) this.#listener.room();
  }

  /** `deadline` has come. */
  tick(now: number): void {
    if (this.#state === 'closed') return;
    const { closeTimeoutMs } = this.#options;
    if (now >= this.#openBy) this.#fail(this.#resumption.notOpened());
    else if (now >= this.#closeBy && this.#closing.isComplete) this.#finish(this.#closing.end as SessionEnd, cancel);
    else if (now >= this.#closeBy) this.#fail(new DuplexError('timeout', `not closed within ${closeTimeoutMs} ms`));
    else if (now >= this.#resumeBy) this.#finish(endOf(this.#resumption.notResumed()), cancel);
    else if (this.#watches()) {
      const verdict = this.#liveness.check(now);
      if (verdict === 'probe' && this.#state === 'open') this.controls.push({ $case: 'ping', value: { id: 1 } });
      if (verdict === 'dead') this.carrierLost(this.#resumption.silenced(), now);
    }
  }

  /** When an acknowledgement has to go alone; Infinity while none is owed, or can go. */
  get ackDeadline(): number {
    return this.isJoined && this.#departure === undefined ? this.#receipts.deadline : NEVER;
  }

  /** When `tick` has to be called next, in the driver's milliseconds; `poll` then says what is due. */
  get deadline(): number {
    return Math.min(this.deadlineWhileWriting, this.ackDeadline);
  }

  /** The same while a write is in flight: what is due to be written needs no timer then, it goes next anyway. */
  get deadlineWhileWriting(): number {
    if (this.#state === 'closed') return NEVER;
    const lively = this.#watches() ? this.#liveness.deadline : NEVER;
    return Math.min(this.#openBy, this.#closeBy, this.#resumeBy, lively);
  }

  /** Client: when it wants to be given a new carrier; Infinity while it does not. */
  get redialAt(): number {
    return this.#state === 'closed' ? NEVER : this.#resumption.redialAt;
  }

  /** The next frame to write, or undefined if there is none. */
  poll(now: number): Uint8Array | undefined {
    const receipts = this.isJoined ? this.#receipts : undefined;
    if (this.controls.hasMessage) return this.#framing.control(receipts, this.#state, now);
    if (this.#state === 'open' && this.#departure === undefined) {
      if (!this.#outbox.drained) return this.#framing.items(receipts, now);
      if (this.#closing.end !== undefined) this.#closeStep();
      if (this.#level === 'session' && now >= this.#receipts.deadline) this.controls.ack();
    }
    return this.controls.isEmpty ? undefined : this.#framing.control(receipts, this.#state, now);
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
    return this.#level === 'plain' && this.#receiver.isFull && !this.#listener.awaitsPeer();
  }

  // ------------------------------------------------------------ application

  /** Service: lets the client in. What it will have to show to resume is made out by `issuer`, now and later. */
  accept(issuer: Issuer, now: number): void {
    if (this.#state !== 'opening') return;
    if (this.#level === 'session') {
      this.controls.push({ $case: 'welcome', value: this.#resumption.openingWelcome(issuer) });
      this.#unconfirmed = true;
    }
    this.#open(now);
    if (this.#peerHalfClosed) this.#beginClosing(orderlyEnd('remote', 'the client closed'));
    this.#listener.wake();
  }

  /** Service: turns the client away with a typed reason. */
  refuse(error: DuplexError): void {
    if (this.#state !== 'opening') return;
    const { code, message, retryAfterMs = 0 } = error;
    this.#depart(endOf(error), { code, message, retryAfterMs });
    this.#listener.wake();
  }

  /**
   * Service: goes on over a new carrier, whose Hello the caller has verified.
   * Fences the old carrier, if it still exists. False for a Hello that came
   * late: then nothing has happened, and the present carrier stays.
   */
  resume(hello: Hello, now: number): boolean {
    if (!this.#resumption.isNews(hello)) return false;
    this.#framing.heed(hello);
    if (this.#state === 'opening') {
      // The client dialled again before it was let in: the Welcome goes over the new carrier.
      this.#move('cut');
      this.attach(now);
      this.#openBy = NEVER;
      this.#resumption.greetedWith(hello);
      return true;
    }
    if (this.#state !== 'open' && this.#state !== 'resuming') return false;
    if (this.#state === 'open') this.#cut(new DuplexError('lost', 'another stream took over'), now);
    this.attach(now);
    const welcome = this.#resumption.resumingWelcome(hello);
    if (welcome === undefined) {
      this.controls.push({ $case: 'welcome', value: rejectionFor(Reason.GAP) });
      this.#finish(endOf(new DuplexError('lost', 'the client misses what can no longer be replayed')), { how: 'end' });
      return true;
    }
    this.controls.push({ $case: 'welcome', value: welcome });
    this.#unconfirmed = true;
    this.#goOn(now);
    return true;
  }

  /** The handler of a held item has begun; `byteLength` is the item's. */
  release(byteLength: number, now: number): void {
    const before = this.#receipts.deadline;
    this.#receipts.release(byteLength, now);
    // An acknowledgement that is owed from now on needs a frame, or at least a timer.
    if (this.#level === 'plain' || this.#receipts.deadline < before) this.#listener.wake();
  }

  /** Client: is to have its first carrier later, when the service said or after a back-off. */
  postpone(told: SessionEnd, now: number): void {
    this.#resumption.tryAgain(told, now);
  }

  /** Closes in order: everything sent so far, and what it brings back, still arrives. The peer is told the reason. */
  close(now: number, message: string, reason: Reason = Reason.CLOSED): void {
    if (this.#options.role === 'client' && this.#openBy !== NEVER) this.#closeOnceOpen = message;
    else if (this.#state === 'created' || this.#state === 'opening') this.abort(orderlyEnd('local', message));
    if (this.#state !== 'open' && this.#state !== 'resuming') return;
    if (this.#closing.end !== undefined) return this.#closing.again(reason);
    this.#closeBy = now + this.#options.closeTimeoutMs;
    this.#beginClosing(orderlyEnd('local', message), reason);
    if (this.#options.role === 'service' && this.isJoined) this.controls.goodbye(this.#closing.goodbye());
    this.#listener.wake();
  }

  /** Ends the session at once, in any state. */
  abort(end: SessionEnd, reason: Reason = this.#closing.reason): void {
    if (this.#state === 'closed') return;
    const { code, message } = errorOf(end, 'maybe');
    this.#depart(end, { code, message, reason });
    this.#listener.wake();
  }

  // ---------------------------------------------------------------- states

  #move(input: StateInput): void {
    const from = this.#state;
    this.#state = transition(from, input);
    this.sender.flow(this.#state === 'open');
    this.#options.onMove?.(from, input, this.#state);
  }

  #open(now: number): void {
    this.#join(now);
    this.#listener.opened();
    if (this.#closeOnceOpen !== undefined) this.close(now, this.#closeOnceOpen);
  }

  /** The session goes on where the peer's marks say. */
  #goOn(now: number): void {
    this.#join(now);
    if (this.#closing.isSaid) this.controls.goodbye(this.#closing.goodbye());
    this.#listener.resumed();
    this.#listener.wake();
  }

  #join(now: number): void {
    this.#move('welcome');
    this.#openBy = NEVER;
    this.#resumeBy = NEVER;
    this.#resumption.succeeded();
    // Whatever the old carrier may have lost of this side's acknowledgements.
    if (this.#receipts.received > 0) this.#receipts.hurry(now);
  }

  /** Whether a session outlives the loss of its carrier for this reason. */
  #survives(error: DuplexError, now: number): boolean {
    if (error.kind !== 'lost' && error.kind !== 'unavailable' && error.kind !== 'timeout') return false;
    if (this.#level !== 'session' || now >= this.#resumeBy) return false;
    if (this.#state === 'opening') return this.#options.role === 'client' && this.#options.retryOpen;
    return this.#resumption.ttlMs > 0;
  }

  #cut(error: DuplexError, now: number): void {
    const wasOpen = this.#state === 'open';
    if (wasOpen) this.#resumeBy = now + this.#resumption.ttlMs;
    this.#move('cut');
    this.#departure = cancel;
    this.controls.clear();
    if (this.#options.role === 'client') this.#resumption.tryAgain(error, now);
    // Last: whoever hears of it may end the session.
    if (wasOpen) this.#listener.suspended(error);
  }

  /** Ends the session with an error that the peer is told of, too. */
  #fail(error: DuplexError): void {
    const { kind, code, message } = error;
    const end = this.#closing.unfinished(endOf(error));
    if (kind === 'protocol' && this.#options.role === 'service') this.#finish(end, { how: 'end', error });
    else
      this.#depart(end, { code, message, reason: kind === 'protocol' ? Reason.PROTOCOL_ERROR : this.#closing.reason });
  }

  /** Ends the session with a Goodbye if the peer can hear one: messages before a status may be dropped. */
  #depart(end: SessionEnd, said: Partial<Goodbye>): void {
    const { role } = this.#options;
    // Whose time-out was lifted has said Hello.
    const tells = this.isJoined || (role === 'service' && this.#state === 'opening' && this.#openBy === NEVER);
    if (!tells) return this.#finish(end, role === 'client' ? cancel : { how: 'end', error: errorOf(end, 'maybe') });
    this.controls.goodbye(said);
    this.#finish(end, { how: role === 'client' ? 'half-close' : 'end' });
  }

  #finish(end: SessionEnd, departure?: Departure): void {
    if (this.#state === 'opening') this.#framing.endedUnopened(end);
    // Who was told that an item is admitted does not hear that it was never sent; of a session that never opened all do.
    const unknown = this.#outbox.unknown + (this.id === undefined ? 0 : this.#outbox.unframed);
    const isCertain = end.kind === 'closed' && end.code === Code.OK;
    this.#end = isCertain || unknown === 0 ? end : { ...end, unknownItems: unknown };
    if (departure !== undefined) this.#departure = departure;
    this.#move('end');
    this.sender.refuse(end);
    this.sender.fail(end);
    this.#listener.closed(this.#end);
  }

  /** Whether silence of the peer means something: at the plain level that is HTTP/2's affair. */
  #watches(): boolean {
    if (this.#level !== 'session' || this.#departure !== undefined) return false;
    return this.#state === 'open' || (this.#state === 'resuming' && this.#resumption.redialAt === NEVER);
  }

  // ---------------------------------------------------------------- receiving

  #takeFrame(now: number): void {
    const receiver = this.#receiver;
    if (this.#level === undefined) {
      this.#level = receiver.isControl ? 'session' : 'plain';
      if (this.#level === 'plain') this.#listener.opening(undefined);
    }
    if (this.#level === 'plain') return receiver.takePlain();
    const { ack, backlog } = receiver.acknowledged;
    if (!this.#outbox.acknowledge(ack, backlog)) throw violation(`it acknowledges ${ack}, which was not sent`);
    const missing = receiver.takeNumbered(this.#state === 'open', now);
    if (missing === undefined) return;
    const gap = `item ${missing} is missing`;
    if (this.#resumption.ttlMs === 0 || receiver.gaps > MAX_GAPS) throw violation(gap);
    this.carrierLost(new DuplexError('lost', gap), now);
  }

  /** From its receiver: a control message. */
  control(item: ReceivedItem): boolean {
    const kind = this.greeting ?? item.decode(Control).kind;
    this.greeting = undefined;
    this.#takeControl(kind, this.#now);
    // What comes with a Hello waits until its client is let in.
    return this.#state === 'open' || (this.#state === 'opening' && kind?.$case === 'hello');
  }

  /** From its receiver: an item in turn. A handler may have ended the session meanwhile. */
  item(item: ReceivedItem): boolean {
    return this.#state === 'closed' || this.#listener.item(item);
  }

  #takeControl(kind: ControlMessage | undefined, now: number): void {
    switch (kind?.$case) {
      case 'hello':
        return this.#takeHello(kind.value);
      case 'welcome':
        return this.#takeWelcome(kind.value, now);
      case 'goodbye':
        return this.#takeGoodbye(kind.value, now);
      default:
        return this.controls.take(kind, this.#receipts, now);
    }
  }

  #takeHello(hello: Hello): void {
    // Only the first Hello finds the time-out still running.
    const isFirst = this.#options.role === 'service' && this.#state === 'opening' && this.#openBy !== NEVER;
    if (!isFirst) throw violation('a Hello out of place');
    this.#resumption.greetedWith(hello);
    this.#framing.heed(hello);
    this.sender.peerTerms = termsOf(hello.terms, this.#options.terms);
    const objection = objectionTo(hello, this.#options.contract);
    // How long the application takes to let the client in is its own affair.
    this.#openBy = NEVER;
    if (objection === undefined) this.#listener.opening(hello);
    else this.refuse(objection);
  }

  #takeWelcome(welcome: Welcome, now: number): void {
    const isAwaited = this.#options.role === 'client' && (this.#state === 'opening' || this.#state === 'resuming');
    if (!isAwaited) throw violation('a Welcome out of place');
    const opens = this.#state === 'opening' && (welcome.result === Result.OPENED || welcome.result === Result.PLAIN);
    const resumes = this.#state === 'resuming' && welcome.result === Result.RESUMED;
    if (!opens && !resumes) return this.#rejected(welcome, now);
    if (resumes && !this.#resumption.matches(welcome.marks)) throw violation('its marks do not fit what was sent');
    if (welcome.result === Result.PLAIN) this.#level = 'plain';
    if (opens) this.#framing.welcomed();
    this.#resumption.welcomedWith(welcome);
    this.sender.peerTerms = termsOf(welcome.terms, this.#options.terms);
    if (opens) this.#open(now);
    else this.#goOn(now);
    // One frame at once: it tells the service that its new token arrived. What waits to be sent says that, too.
    if (this.#level === 'session' && this.controls.isEmpty && this.#outbox.drained) this.controls.ack();
  }

  #rejected(welcome: Welcome, now: number): void {
    const error = errorFromRejection(welcome);
    if (this.#state === 'opening') this.#framing.takeBack();
    if (welcome.reason === Reason.CLOSED && this.#closing.end !== undefined) this.#finish(this.#closing.end, cancel);
    else if (error.retryAfterMs !== undefined && this.#state === 'resuming') this.#cut(error, now);
    else if (error.kind === 'unavailable' && this.#state === 'opening') this.carrierLost(error, now);
    else this.#finish(error.kind === 'closed' ? orderlyEnd('remote', error.message) : endOf(error), cancel);
  }

  #takeGoodbye(said: Goodbye, now: number): void {
    if (this.#state === 'opening') this.#framing.takeBack();
    if (this.#state === 'opening' && said.reason === Reason.DRAINING) return this.carrierLost(turnedAway(said), now);
    if (this.#state !== 'open' || said.code !== Code.OK) {
      const end = endOfGoodbye(said, this.#state === 'open');
      return this.#finish(end, this.#options.role === 'client' ? cancel : { how: 'end' });
    }
    this.#closing.peerSays(said);
    if (this.#closing.end !== undefined) return;
    this.#closeBy = now + this.#options.closeTimeoutMs;
    this.#beginClosing(announcedEnd(said));
  }

  // ---------------------------------------------------------------- closing

  #beginClosing(end: SessionEnd, reason: Reason = Reason.CLOSED): void {
    this.#closing.begin(end, reason);
    this.#listener.closing(end);
  }

  #closeStep(): void {
    const step = this.#closing.step(this.#level, this.#peerHalfClosed);
    if (step === 'promise') this.#closing.promise(this.controls);
    else if (step === 'acknowledge') this.controls.ack();
    else if (step === 'half-close') this.#departure = { how: 'half-close' };
    else if (step === 'leave') this.#finish(this.#closing.end as SessionEnd, { how: 'end' });
  }
}
