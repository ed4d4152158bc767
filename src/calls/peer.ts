import type { AnyContract, MethodInfo } from '../contract/contract.js';
import type { MessageCodec } from '../contract/message-codec.js';
import { Code, DuplexError } from '../errors.js';
import { CallCancel, CallComplete, CallFault, type Hello } from '../gen/duplex/v1/session.js';
import { defaultBackoff } from '../session/backoff.js';
import type { SessionIdentity } from '../session/handshake.js';
import { Session } from '../session/session.js';
import { errorOf, isOrderly, orderlyEnd, type SessionEnd } from '../session/session-end.js';
import type { SessionListener } from '../session/session-options.js';
import { defaultTerms } from '../session/terms.js';
import { defaultWaitingLineLimits } from '../session/waiting-line.js';
import type { Clock } from '../transport/clock.js';
import { type Dial, Driver } from '../transport/driver.js';
import { Field } from '../wire/fields.js';
import type { ReceivedItem } from '../wire/frame-decoder.js';
import { bareHead, type ItemEncoder } from '../wire/item-encoder.js';
import { IncomingCall } from './call.js';
import { type CallOptions, DEFAULT_CALL_TIMEOUT_MS } from './call-options.js';
import { Dispatcher } from './dispatcher.js';
import { type Disclosure, errorFromFault, faultFrom } from './faults.js';
import { MethodTable } from './method-table.js';
import { type PendingCall, PendingCalls } from './pending-calls.js';
import { PendingSent, type Sent, sent } from './sent.js';

/** Where an error came from that nobody awaited. */
export interface ErrorSource {
  /** Full name of the service contract. */
  readonly contract: string;
  /** Local name of the operation or callback, if it was in one. */
  readonly method: string | undefined;
}

/** Hears of errors that no caller awaits. What it throws itself is not caught. */
export type ErrorListener = (error: DuplexError, source: ErrorSource) => void;

/** What happened in a session that no caller saw. */
export interface PeerCounters {
  /** One-way calls that failed without being awaited. */
  unsent: number;
  /** Handlers of one-way calls that threw. */
  failedHandlers: number;
  /** Items of methods that this side's contract does not have. */
  unknownItems: number;
  /** Answers to calls that nobody awaits any more. */
  lateAnswers: number;
}

/** What a peer needs from whoever runs it. */
export interface PeerOptions extends Disclosure {
  readonly contract: AnyContract;
  readonly role: 'client' | 'service';
  readonly level: 'session' | 'plain';
  /** How many incoming calls run at a time. */
  readonly concurrency: number;
  readonly openTimeoutMs: number;
  /** Client: whether a first attempt to connect that fails is repeated. */
  readonly retryOpen: boolean;
  readonly closeTimeoutMs: number;
  /** How long a session outlives its connection; 0: not at all. */
  readonly resumeWindowMs: number;
  readonly pingMs: number;
  readonly pingTimeoutMs: number;
  readonly clock: Clock;
  readonly encoder: ItemEncoder;
  readonly onError: ErrorListener;
  /** Client: makes a connection. */
  readonly dial?: Dial;
}

/** What the owner of a peer is asked and told. */
export interface PeerOwner<SessionApi> {
  /** What incoming calls name as their session. */
  readonly api: SessionApi;
  /** Service: a client wants in; answered by `Peer.accept` or `Session.refuse`. */
  onOpening(hello: Hello | undefined): void;
  onOpened(): void;
  /** Service: the client has the token of the last Welcome. */
  onConfirmed(): void;
  onSuspended(error: DuplexError): void;
  onResumed(): void;
  /** Runs the handler of an incoming call; may throw. */
  invoke(method: MethodInfo, request: unknown, call: IncomingCall<SessionApi>): unknown;
  /** Client: the service's state changed. */
  onState(state: unknown): void;
  onClosing(end: SessionEnd): void;
  onClosed(end: SessionEnd): void;
}

/**
 * One side of a duplex session above the session engine: makes calls to the
 * other side, runs the calls of the other side. Both roles are the same but
 * for which methods go which way.
 */
export class Peer<SessionApi> implements SessionListener {
  readonly session: Session;
  readonly driver: Driver;
  readonly counters: PeerCounters = { unsent: 0, failedHandlers: 0, unknownItems: 0, lateAnswers: 0 };
  #lastCallId = 0;
  #refusesCalls: SessionEnd | undefined;
  readonly #incoming: MethodTable;
  readonly #pending: PendingCalls;
  readonly #dispatcher: Dispatcher<SessionApi>;
  readonly #reported = new Set<string>();
  readonly #options: PeerOptions;
  readonly #owner: PeerOwner<SessionApi>;

  constructor(options: PeerOptions, owner: PeerOwner<SessionApi>) {
    this.#options = options;
    this.#owner = owner;
    const { contract, role, pingMs, pingTimeoutMs } = options;
    this.#incoming = new MethodTable(role === 'service' ? contract.operations : contract.callbacks);
    this.#pending = new PendingCalls(options.clock, (id) => this.#cancelRemotely(id, 'the time is up'));
    this.#dispatcher = new Dispatcher(options.concurrency, role === 'service', {
      invoke: (method, request, call) => owner.invoke(method, request, call),
      returned: (method, call, reply) => this.#answer(method, call, reply),
      threw: (method, call, error) => this.#answerFault(method, call, error),
      begun: () => this.session.release(options.clock.now()),
      idle: () => this.wake(),
    });
    this.session = new Session(
      {
        role,
        contract: contract.name,
        level: options.level,
        terms: { ...defaultTerms, pingMs, pingTimeoutMs, ttlMs: options.resumeWindowMs },
        waiting: defaultWaitingLineLimits,
        openTimeoutMs: options.openTimeoutMs,
        retryOpen: options.retryOpen,
        backoff: defaultBackoff,
        random: Math.random,
        closeTimeoutMs: options.closeTimeoutMs,
        randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
      },
      this,
    );
    this.driver = new Driver(this.session, options.clock, options.dial);
  }

  // ---------------------------------------------------------------- to the other side

  /** Calls a method of the other side, in the way of its shape. */
  call(method: MethodInfo, request: unknown, options: CallOptions | undefined): Sent | Promise<unknown> {
    if (method.shape === 'one-way') return this.#send(method, request);
    let settle!: Pick<PendingCall, 'resolve' | 'reject'>;
    const reply = new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    const fail = (error: unknown): void => {
      // A reply that nobody awaits must not end the process; whoever awaits it still gets the rejection.
      reply.catch(() => {});
      settle.reject(DuplexError.from(error));
    };
    try {
      this.#request(method, request, options ?? {}, settle.resolve, fail);
    } catch (error) {
      fail(error);
    }
    return reply;
  }

  /** Sends the service's state; while the client is slow only the newest. */
  sendState(codec: MessageCodec, state: unknown): void {
    this.session.sender.sendState(this.#options.encoder.encode(bareHead, Field.state, codec, state));
  }

  #send(method: MethodInfo, request: unknown): Sent {
    try {
      this.#checkOpen();
      const item = this.#options.encoder.encode(bareHead, method.number, method.request, request);
      if (this.session.sender.offer(item)) return sent;
      const waiting = new PendingSent((error) => this.#unsent(method, error));
      this.session.sender.wait(item, waiting);
      return waiting;
    } catch (error) {
      const failed = new PendingSent((reason) => this.#unsent(method, reason));
      failed.failed(DuplexError.from(error));
      return failed;
    }
  }

  #request(
    method: MethodInfo,
    request: unknown,
    { signal, timeoutMs = DEFAULT_CALL_TIMEOUT_MS }: CallOptions,
    resolve: (reply: unknown) => void,
    reject: (error: DuplexError) => void,
  ): void {
    this.#checkOpen();
    if (method.shape !== 'request-reply') throw noStreams(method);
    if (signal?.aborted) throw cancelled(method, signal, 'no');
    const id = ++this.#lastCallId;
    const head = { ...bareHead, callId: id, timeoutMs: toTimeoutField(timeoutMs) };
    const item = this.#options.encoder.encode(head, method.number, method.request, request);
    const abort = signal && (() => this.#abandon(id, signal));
    const cleanUp = abort && (() => signal.removeEventListener('abort', abort));
    const deadline = this.#options.clock.now() + timeoutMs;
    if (!this.session.sender.offer(item))
      this.session.sender.wait(item, { admitted: () => {}, failed: (error) => this.#fail(id, error) });
    this.#pending.add(id, { method, deadline, timeoutMs, resolve, reject, cleanUp });
    if (abort) signal.addEventListener('abort', abort, { once: true });
  }

  #checkOpen(): void {
    if (this.#refusesCalls !== undefined) throw errorOf(this.#refusesCalls, 'no');
  }

  #abandon(id: number, signal: AbortSignal): void {
    const call = this.#pending.take(id);
    if (call === undefined) return;
    this.#cancelRemotely(id, 'the caller cancelled');
    call.reject(cancelled(call.method, signal, 'maybe'));
    this.wake();
  }

  #cancelRemotely(id: number, reason: string): void {
    const item = this.#options.encoder.encode({ ...bareHead, callId: id }, Field.callCancel, CallCancel, { reason });
    // Behind whatever waits: a cancel must not overtake its call.
    this.session.sender.answer(item, 0);
  }

  #fail(id: number, error: DuplexError): void {
    this.#pending.take(id)?.reject(error);
  }

  /** A one-way call failed and nobody awaited it: all are counted, the first of each kind is reported. */
  #unsent(method: MethodInfo, error: DuplexError): void {
    this.counters.unsent += 1;
    const what = `${method.localName} ${error.kind} ${error.code}`;
    if (this.#reported.has(what)) return;
    this.#reported.add(what);
    this.#report(error, method);
  }

  #report(error: DuplexError, method?: MethodInfo): void {
    this.#options.onError(error, { contract: this.#options.contract.name, method: method?.localName });
  }

  // ---------------------------------------------------------------- from the session

  opening(hello: Hello | undefined): void {
    this.#owner.onOpening(hello);
  }

  /** Service: lets the client in and begins to run its calls. */
  accept(identity: SessionIdentity): void {
    this.session.accept(identity, this.#options.clock.now());
    this.#dispatcher.resume();
  }

  opened(): void {
    this.#owner.onOpened();
  }

  confirmed(): void {
    this.#owner.onConfirmed();
  }

  suspended(error: DuplexError): void {
    this.#owner.onSuspended(error);
  }

  resumed(): void {
    this.#owner.onResumed();
  }

  item(item: ReceivedItem): boolean {
    if (item.replyTo !== 0) this.#takeAnswer(item);
    else if (item.number === Field.callCancel) this.#dispatcher.cancel(item.callId, 'the caller cancelled');
    else if (item.number === Field.state) this.#takeState(item);
    else return this.#takeCall(item);
    return true;
  }

  credit(): void {}

  room(): void {}

  closing(end: SessionEnd): void {
    // A service's running operations may still call back; its owner asks them to end, not the engine.
    if (this.#options.role === 'client') this.#refusesCalls = end;
    this.#owner.onClosing(end);
  }

  closed(end: SessionEnd): void {
    this.#refusesCalls = end;
    this.#pending.failAll(errorOf(end, 'maybe'));
    this.#dispatcher.abortAll(errorOf(end, 'no'));
    this.#owner.onClosed(end);
  }

  isIdle(): boolean {
    return this.#dispatcher.isIdle && this.#pending.size === 0;
  }

  awaitsPeer(): boolean {
    return this.#pending.size > 0;
  }

  wake(): void {
    this.driver.wake();
  }

  /** Closes in order; see `Session.close`. */
  close(message: string): void {
    const end = orderlyEnd('local', message);
    if (this.#options.role === 'client') this.#refusesCalls ??= end;
    this.session.close(this.#options.clock.now(), message);
  }

  // ---------------------------------------------------------------- from the other side

  #takeCall(item: ReceivedItem): boolean {
    const method = this.#incoming.get(item.number);
    const call = new IncomingCall(
      this.#owner.api,
      method?.localName ?? `field ${item.number}`,
      item.callId,
      this.session.sender.mark,
      item.timeoutMs,
    );
    if (method === undefined) {
      this.counters.unknownItems += 1;
      const message = `${this.#options.contract.name} has no method with number ${item.number} here`;
      this.#sendFault(call, CallFault.fromPartial({ code: Code.UNIMPLEMENTED, message }));
      return true;
    }
    let request: unknown;
    try {
      if (method.shape !== 'one-way' && method.shape !== 'request-reply') throw noStreams(method);
      request = item.decode(method.request);
    } catch (error) {
      const { code, message } = DuplexError.from(error);
      this.#sendFault(call, CallFault.fromPartial({ code, message }));
      if (call.id === 0) this.#report(DuplexError.from(error), method);
      return true;
    }
    return this.#dispatcher.dispatch(method, request, call);
  }

  #answer(method: MethodInfo, call: IncomingCall<SessionApi>, reply: unknown): void {
    if (call.id === 0 || call.isAborted) return;
    try {
      const { encoder } = this.#options;
      const head = { ...bareHead, replyTo: call.id };
      const item = method.reply
        ? encoder.encode(head, method.number, method.reply, reply)
        : encoder.encode(head, Field.callComplete, CallComplete, {});
      const { itemBytes } = this.session.sender.peerTerms;
      if (item.length > itemBytes) {
        throw new DuplexError(
          'fault',
          `a reply of ${item.length} bytes is over the peer's limit of ${itemBytes} bytes`,
        );
      }
      this.session.sender.answer(item, call.sendMark);
    } catch (error) {
      this.#answerFault(method, call, error);
    }
  }

  #answerFault(method: MethodInfo, call: IncomingCall<SessionApi>, thrown: unknown): void {
    const { fault, error } = faultFrom(thrown, this.#options);
    if (call.id === 0) this.counters.failedHandlers += 1;
    else if (!call.isAborted) this.#sendFault(call, fault);
    // A fault that reaches its caller is no news here; everything else is.
    if (call.id === 0 || error !== thrown) this.#report(error, method);
  }

  #sendFault(call: IncomingCall<SessionApi>, fault: CallFault): void {
    if (call.id === 0) return;
    const item = this.#options.encoder.encode({ ...bareHead, replyTo: call.id }, Field.callFault, CallFault, fault);
    this.session.sender.answer(item, call.sendMark);
  }

  #takeAnswer(item: ReceivedItem): void {
    const call = this.#pending.take(item.replyTo);
    if (call === undefined) {
      this.counters.lateAnswers += 1;
      return;
    }
    try {
      call.resolve(this.#readAnswer(call, item));
    } catch (error) {
      call.reject(DuplexError.from(error));
    }
  }

  #readAnswer({ method }: PendingCall, item: ReceivedItem): unknown {
    if (item.number === method.number && method.reply) return item.decode(method.reply);
    if (item.number === Field.callFault) throw errorFromFault(item.decode(CallFault));
    if (item.number === Field.callComplete && method.reply) return method.reply.fromPartial({});
    throw new DuplexError('protocol', `the answer to ${method.localName} is of another kind: field ${item.number}`, {
      code: Code.UNIMPLEMENTED,
      origin: 'remote',
      executed: 'maybe',
    });
  }

  #takeState(item: ReceivedItem): void {
    const { state } = this.#options.contract;
    if (state === undefined || this.#options.role === 'service') {
      this.counters.unknownItems += 1;
      return;
    }
    try {
      this.#owner.onState(item.decode(state));
    } catch (error) {
      this.#report(DuplexError.from(error));
    }
  }
}

/** Whether the end of a session is worth telling `onError`. */
export function isAlarming(end: SessionEnd): boolean {
  return !isOrderly(end);
}

/** The largest time-out that the field takes; beyond it there is none. */
function toTimeoutField(timeoutMs: number): number {
  return timeoutMs === DEFAULT_CALL_TIMEOUT_MS || timeoutMs > 0xffff_ffff ? 0 : Math.ceil(timeoutMs);
}

function noStreams(method: MethodInfo): DuplexError {
  const message = `${method.localName} is a ${method.shape} method: this version runs one-way and request-reply methods`;
  return new DuplexError('fault', message, { code: Code.UNIMPLEMENTED });
}

function cancelled(method: MethodInfo, signal: AbortSignal, executed: 'no' | 'maybe'): DuplexError {
  return new DuplexError('cancelled', `${method.localName} was cancelled`, { executed, cause: signal.reason });
}
