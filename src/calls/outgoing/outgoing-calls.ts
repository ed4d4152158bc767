import type { Observable, ObservableInput } from 'rxjs';
import { type MethodInfo, streamsRequests } from '../../contract/contract.js';
import { Code, DuplexError } from '../../errors.js';
import { CallCancel, CallComplete, CallFault, CallOpen, type Grant } from '../../gen/duplex/v1/session.js';
import type { Waiter } from '../../session/sending/waiting-line.js';
import { errorOf, type SessionEnd } from '../../session/session-end.js';
import { Field } from '../../wire/fields.js';
import type { ReceivedItem } from '../../wire/frame-decoder.js';
import { bareHead, callHead } from '../../wire/item-encoder.js';
import type { CallChannel } from '../call-channel.js';
import { CallSequence } from '../call-sequence.js';
import { type CallHeadersInit, contextOf } from '../context.js';
import { errorFromFault } from '../faults.js';
import { IncomingCall } from '../incoming/call.js';
import { IterableObservable } from '../streams/message-stream.js';
import { overrun, StreamReceiver } from '../streams/stream-receiver.js';
import { StreamSender } from '../streams/stream-sender.js';
import { type CallOptions, checkTimeout, DEFAULT_CALL_TIMEOUT_MS } from './call-options.js';
import { failedCall, failedSent } from './failed-call.js';
import { type PendingCall, PromisedCall, StreamedCall } from './pending-call.js';
import { PendingCalls, type PendingCallsOwner } from './pending-calls.js';
import { PacedSent, PendingSent, type Sent, sent } from './sent.js';

const noOptions: CallOptions = Object.freeze({});

/** The calls that this side makes: sends them and matches what comes back. */
export class OutgoingCalls implements PendingCallsOwner {
  #lastId = 0;
  #refusal: SessionEnd | undefined;
  /** Made with the first call that has an answer. */
  #pending: PendingCalls | undefined;
  /** Made when calls are ahead of the carrier for the first time. */
  #paced: PacedSent | undefined;
  /** Failures that were reported once; made with the first. */
  #reported: Set<string> | undefined;
  readonly #channel: CallChannel;
  /** Undefined where any call may come at any time. */
  readonly #sequence: CallSequence | undefined;

  /** `methods` are those of the peer. */
  constructor(channel: CallChannel, methods: readonly MethodInfo[]) {
    this.#channel = channel;
    this.#sequence = CallSequence.of(methods);
  }

  /** One that awaits its answer. */
  pending(id: number): PendingCall | undefined {
    return this.#pending?.get(id);
  }

  /** How many await their answers. */
  get size(): number {
    return this.#pending?.size ?? 0;
  }

  /** From now on calls fail for this reason. */
  refuse(end: SessionEnd): void {
    this.#refusal = end;
  }

  /** The session is over: fails every call that awaits an answer. What no carrier took along did not run. */
  fail(end: SessionEnd): void {
    const { outbox } = this.#channel.sender;
    this.#pending?.failAll(({ seq }) => errorOf(end, outbox.wasFramed(seq) ? 'maybe' : 'no'));
  }

  timedOut(call: PendingCall): void {
    this.#cancelRemotely(call, 'the time is up');
  }

  /** Calls a method in the way of its shape: a Sent, a promise or a cold observable. */
  call(method: MethodInfo, request: unknown, options = noOptions): Sent | Promise<unknown> | Observable<unknown> {
    switch (method.shape) {
      case 'one-way':
        return this.#send(method, request, options);
      case 'request-reply':
      case 'request-stream':
        return this.#promise(method, request, options);
      default:
        return this.#observable(method, request, options);
    }
  }

  #send(method: MethodInfo, request: unknown, { headers }: CallOptions): Sent {
    try {
      this.#checkOpen(method);
      const { sender } = this.#channel;
      const head = headers === undefined ? bareHead : callHead(0, 0, contextOf(headers, 0));
      const item = this.#channel.encode(head, method.number, method.request, request);
      if (sender.offer(item)) {
        this.#sequence?.enter(method);
        // Who may miss something is not held up by it.
        return sender.outbox.isAhead && this.#channel.slowPolicy(method) === 'wait' ? this.#pacedSent() : sent;
      }
      const policy = this.#channel.slowPolicy(method);
      if (policy !== 'wait') {
        this.#channel.post(method, item, policy);
        return sent;
      }
      const waiting = new PendingSent((error) => this.unsent(method, error));
      this.#wait(item.slice(), waiting, this.#channel.nesting.current());
      this.#sequence?.enter(method);
      return waiting;
    } catch (error) {
      return failedSent(DuplexError.from(error), (reason) => this.unsent(method, reason));
    }
  }

  #pacedSent(): Sent {
    this.#paced ??= new PacedSent(this.#channel.sender.pace);
    return this.#paced;
  }

  /** What a call returns that failed before it was made. */
  failed(method: MethodInfo, error: DuplexError): Sent | Promise<unknown> | Observable<unknown> {
    return failedCall(method, error, (reason) => this.unsent(method, reason));
  }

  #promise(method: MethodInfo, request: unknown, options: CallOptions): Promise<unknown> {
    const call = new PromisedCall(method);
    try {
      this.#open(call, request, options);
    } catch (error) {
      call.reject(DuplexError.from(error));
    }
    return call.reply;
  }

  #observable(method: MethodInfo, request: unknown, options: CallOptions): Observable<unknown> {
    return new IterableObservable(
      (subscriber) => this.#stream(method, request, options).items.subscribe(subscriber),
      () => this.#stream(method, request, options).iterate(),
    );
  }

  /** Calls for a stream; what prevents it is the stream's error. */
  #stream(method: MethodInfo, request: unknown, options: CallOptions): StreamReceiver {
    const replies = new StreamReceiver(this.#channel.streamLimits, {
      grant: (total) => this.#channel.grant({ callId: call.id, replyTo: 0, total }),
      holds: (byteLength) => this.#channel.sender.holding?.unread(byteLength),
      left: () => this.#abandon(call.id, 'the subscriber left'),
      deliver: this.#channel.deliver,
      unheard: (error) => this.#channel.report(error, method),
    });
    const call = new StreamedCall(method, replies);
    try {
      // A stream lasts as long as it lasts, unless its caller says otherwise.
      const { timeoutMs = Number.POSITIVE_INFINITY } = options;
      this.#open(call, request, { ...options, timeoutMs });
    } catch (error) {
      const { clock } = this.#channel;
      // Never at once: `retry()` on a session that is over would go round and round, and nothing else would run.
      clock.schedule(clock.now(), () => replies.error(DuplexError.from(error)));
    }
    return replies;
  }

  /** Starts a call that has an answer. Throws what prevents it. */
  #open(call: PendingCall, request: unknown, options: CallOptions): void {
    const { method } = call;
    const { signal } = options;
    checkTimeout(method, options);
    this.#checkOpen(method);
    if (signal?.aborted) throw cancelled(method, signal, 'no');
    const { clock, sender } = this.#channel;
    const parent = this.#parentOf(options);
    call.id = ++this.#lastId;
    call.parent = parent;
    // A stream goes on when the call that it was opened for is over.
    call.timeoutMs = timeoutOf(options, call.replies === undefined ? parent : undefined);
    call.sentSince = sender.mark;
    this.#start(call, request, options.headers);
    call.sentUntil = sender.mark;
    // Of a stream of requests some may be read already: such a call is not one that nothing has become of.
    if (streamsRequests(method)) call.requests = this.#requestSender(call);
    else call.seq = sender.outbox.lastSeq;
    this.#sequence?.enter(method);
    if (method.terminating || parent !== undefined) call.around = this.#around(method, parent);
    this.#pending ??= new PendingCalls(clock, this);
    this.#pending.add(call);
    if (signal !== undefined) this.#heed(signal, call);
    call.requests?.start(request as ObservableInput<unknown>);
  }

  /** Sends what starts a call: past the window if it serves a call that the peer awaits. */
  #start({ id, method, parent, timeoutMs }: PendingCall, request: unknown, headers: CallHeadersInit | undefined): void {
    const { sender } = this.#channel;
    const nests = parent?.isAwaited === true && parent.id !== 0 && sender.hasRoom;
    const context = nests || headers !== undefined ? contextOf(headers, nests ? parent.id : 0) : undefined;
    const head = callHead(id, toTimeoutField(timeoutMs), context);
    const item = streamsRequests(method)
      ? this.#channel.encode(head, Field.callOpen, CallOpen, { method: method.name })
      : this.#channel.encode(head, method.number, method.request, request);
    if (nests) sender.nest(item, parent.lastInLine);
    else if (!sender.offer(item)) {
      this.#wait(item.slice(), { admitted: () => {}, failed: (error) => this.#fail(id, error) }, parent);
    }
  }

  /** The peer's call that a call serves: what its caller says, or what the running code is known to serve. */
  #parentOf({ parent }: CallOptions): IncomingCall<unknown> | undefined {
    const { nesting } = this.#channel;
    const served = parent instanceof IncomingCall && nesting.owns(parent) ? parent : nesting.current();
    return served?.isOver === false ? served : undefined;
  }

  /**
   * What more than the caller hangs on an answer. Others may run while `parent`
   * awaits it, which goes on when it is its turn. After the answer of a terminating
   * call the session closes, whether its answerer sees to it or not.
   */
  #around({ terminating, localName }: MethodInfo, parent: IncomingCall<unknown> | undefined): PendingCall['around'] {
    const { nesting } = this.#channel;
    const tellAndClose = (tell: () => void): void => {
      tell();
      if (terminating) this.#channel.close(`${localName} was the last call`);
    };
    if (parent === undefined) return tellAndClose;
    nesting.park(parent);
    return (tell) => nesting.unpark(parent, () => tellAndClose(tell));
  }

  /** Gives a call up when its signal says so. */
  #heed(signal: AbortSignal, call: PendingCall): void {
    const { id, method } = call;
    const abort = (): void => this.#abandon(id, 'the caller cancelled')?.reject(cancelled(method, signal, 'maybe'));
    call.cleanUp = () => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort, { once: true });
  }

  #requestSender({ id, method, sentSince, sentUntil }: PendingCall): StreamSender {
    const { sender, peerStreamWindow } = this.#channel;
    const head = callHead(id);
    return new StreamSender(
      {
        encode: (message) => this.#channel.encode(head, method.number, method.request, message),
        send: (item) => sender.offerStreamItem(item, sentSince, sentUntil),
        completed: () =>
          sender.answer(this.#channel.encode(head, Field.callComplete, CallComplete, {}), sentSince, sentUntil),
        failed: (error) => this.#abandon(id, 'the stream of requests failed')?.reject(DuplexError.from(error)),
      },
      peerStreamWindow,
    );
  }

  #wait(item: Uint8Array, waiter: Waiter, parent: IncomingCall<unknown> | undefined): void {
    const { sender } = this.#channel;
    sender.wait(item, waiter);
    if (parent !== undefined) parent.lastInLine = sender.mark;
  }

  #checkOpen(method: MethodInfo): void {
    if (this.#refusal !== undefined) throw errorOf(this.#refusal, 'no');
    this.#sequence?.check(method);
  }

  /** Gives a call up here and at the peer; undefined if it is over already. */
  #abandon(id: number, reason: string): PendingCall | undefined {
    const call = this.#pending?.take(id);
    if (call !== undefined) this.#cancelRemotely(call, reason);
    return call;
  }

  #cancelRemotely({ id, sentSince, sentUntil }: PendingCall, reason: string): void {
    if (this.#refusal?.kind !== undefined && this.#refusal.kind !== 'closed') return;
    const { sender } = this.#channel;
    // It must not overtake its call, which may still wait; for anything else it must not wait.
    const item = this.#channel.encode(callHead(id), Field.callCancel, CallCancel, { reason });
    sender.answer(item, sentSince, sentUntil);
  }

  #fail(id: number, error: DuplexError): void {
    this.#pending?.take(id)?.reject(error);
  }

  /** A one-way call failed and nobody awaited it: all are counted, the first of each kind is reported. */
  unsent(method: MethodInfo, error: DuplexError): void {
    this.#channel.counters.unsent += 1;
    const what = `${method.localName} ${error.kind} ${error.code}`;
    if (this.#reported?.has(what)) return;
    this.#reported = (this.#reported ?? new Set()).add(what);
    this.#channel.report(error, method);
  }

  // ---------------------------------------------------------------- what comes back

  /** Takes an item that answers one of these calls. */
  take(item: ReceivedItem): void {
    const id = item.replyTo;
    const call = this.#pending?.get(id);
    if (call === undefined) {
      this.#channel.counters.lateItems += 1;
      return;
    }
    try {
      const { method, replies } = call;
      if (replies !== undefined && method.reply && item.number === method.number) {
        if (!replies.next(item.decode(method.reply), item.byteLength))
          this.#abandon(id, 'too many items')?.reject(overrun());
      } else {
        const reply = readReply(method, item);
        this.#pending?.end(call);
        const { deliver } = this.#channel;
        // An answer does not overtake what came before it; a stream sees to that for its items, too.
        if (deliver === undefined || replies !== undefined) call.resolve(reply);
        else deliver(() => call.resolve(reply));
      }
    } catch (error) {
      this.#failed(call, DuplexError.from(error));
    }
  }

  /** The peer answered with a fault, or with what is no answer. */
  #failed(call: PendingCall, error: DuplexError): void {
    if (this.#pending?.take(call.id) === undefined) return;
    const { deliver } = this.#channel;
    if (deliver === undefined || call.replies !== undefined) call.reject(error);
    else deliver(() => call.reject(error));
  }

  /** The peer takes more items of a request stream. */
  credit({ replyTo, total }: Grant): void {
    this.#pending?.get(replyTo)?.requests?.grant(total);
  }

  /** There is room for items of streams again. */
  room(): void {
    for (const { requests } of this.#pending?.values() ?? []) requests?.advance();
  }

  /** On a new carrier: the credit of the old one may not have arrived. */
  regrant(): void {
    for (const { replies } of this.#pending?.values() ?? []) replies?.regrant();
  }
}

/** The reply in an item, or the fault in it, thrown. */
function readReply(method: MethodInfo, item: ReceivedItem): unknown {
  if (item.number === method.number && method.reply) return item.decode(method.reply);
  if (item.number === Field.callFault) throw errorFromFault(item.decode(CallFault));
  if (item.number === Field.callComplete && method.reply) return method.reply.fromPartial({});
  throw new DuplexError('protocol', `the answer to ${method.localName} is of another kind: field ${item.number}`, {
    code: Code.UNIMPLEMENTED,
    origin: 'remote',
    executed: 'maybe',
  });
}

/** How long to wait: what the call says, and no longer than the caller of the call that it serves. */
function timeoutOf(
  { timeoutMs = DEFAULT_CALL_TIMEOUT_MS }: CallOptions,
  parent: IncomingCall<unknown> | undefined,
): number {
  return parent?.isAwaited === true ? Math.min(timeoutMs, Math.ceil(parent.remainingMs)) : timeoutMs;
}

/** The time-out as the field takes it: 0 for the default and for none. */
function toTimeoutField(timeoutMs: number): number {
  return timeoutMs === DEFAULT_CALL_TIMEOUT_MS || timeoutMs > 0xffff_ffff ? 0 : Math.max(1, Math.ceil(timeoutMs));
}

function cancelled(method: MethodInfo, signal: AbortSignal, executed: 'no' | 'maybe'): DuplexError {
  return new DuplexError('cancelled', `${method.localName} was cancelled`, { executed, cause: signal.reason });
}
