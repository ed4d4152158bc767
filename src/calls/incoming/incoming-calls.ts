import type { ObservableInput } from 'rxjs';
import { type MethodInfo, streamsReplies, streamsRequests } from '../../contract/contract.js';
import { Code, DuplexError, Fault } from '../../errors.js';
import { CallFault, CallOpen, type Context, type Grant } from '../../gen/duplex/v1/session.js';
import { errorOf, type SessionEnd } from '../../session/session-end.js';
import { Field } from '../../wire/fields.js';
import type { ReceivedItem } from '../../wire/frame-decoder.js';
import type { CallChannel } from '../call-channel.js';
import { CallSequence } from '../call-sequence.js';
import { checkHeaders } from '../context.js';
import { invokeLater } from '../deliver.js';
import { type Disclosure, faultFrom } from '../faults.js';
import { runInContext } from '../operation-context.js';
import { overrun, StreamReceiver } from '../streams/stream-receiver.js';
import { StreamSender } from '../streams/stream-sender.js';
import { encodeReply, sendComplete, sendFault, withDeclaredDetails } from './answers.js';
import { IncomingCall, type ServedCall } from './call.js';
import type { CallLimits } from './call-limits.js';
import { Dispatcher, type DispatcherEvents } from './dispatcher.js';
import type { MethodTable } from './method-table.js';
import type { Concurrency } from './turns.js';

/** How the calls of one direction are run, the same in all sessions of a contract. */
export interface IncomingRules extends Disclosure {
  /** What the peer may call. */
  readonly methods: MethodTable;
  /** How many calls run at a time: one, or as many as the limits allow. */
  readonly concurrency: Concurrency;
  readonly limits: CallLimits;
  /** Whether each handler runs in its operation context. */
  readonly keepsContext: boolean;
  /** The side that answers. A service's calls wait until `resume`. */
  readonly role: 'client' | 'service';
}

/** What incoming calls ask of the session that they come in on. */
export interface IncomingOwner<Session> {
  /** What calls name as their session. */
  readonly api: Session;
  /** The call of this side with this id, if it awaits its answer. */
  pending(id: number): ServedCall | undefined;
  /** Takes a one-way call for those who only watch; false if somebody wants to know its call. */
  tell(method: MethodInfo, request: unknown): boolean;
  /** Runs a handler; may throw. */
  handle(method: MethodInfo, request: unknown, call: IncomingCall<Session>): unknown;
  /** A call that waited has begun; `byteLength` is the size of its request. */
  begun(byteLength: number): void;
}

/** Streams that are open, by the ids of their calls. */
class OpenStreams<Session> {
  readonly requests = new Map<number, StreamReceiver>();
  readonly replies = new Map<number, { readonly sender: StreamSender; readonly call: IncomingCall<Session> }>();
  /** Calls with a reply stream that have begun and are not over: a handler may take its time before it returns one. */
  replying = 0;
}

/** The calls of the other side: decodes them, runs them in turn, answers them. */
export class IncomingCalls<Session> implements DispatcherEvents<Session> {
  /** The highest id of a call that a request stream opened: a lower one that is not open is over. */
  #lastStreamId = 0;
  readonly #dispatcher: Dispatcher<Session>;
  /** Made with the first stream: most sessions never have one. */
  #streams: OpenStreams<Session> | undefined;
  readonly #channel: CallChannel;
  /** Undefined where any call may come at any time. */
  readonly #sequence: CallSequence | undefined;
  /** Whether a call may be told to whoever watches, without more ado. */
  readonly #mayTell: boolean;
  readonly #rules: IncomingRules;
  readonly #owner: IncomingOwner<Session>;

  constructor(channel: CallChannel, rules: IncomingRules, owner: IncomingOwner<Session>) {
    this.#channel = channel;
    this.#rules = rules;
    this.#owner = owner;
    this.#sequence = CallSequence.of(rules.methods.methods);
    const { role, concurrency, limits, keepsContext } = rules;
    this.#mayTell = this.#sequence === undefined && channel.deliver === undefined && !keepsContext;
    this.#dispatcher = new Dispatcher(concurrency, limits, role === 'service', this);
  }

  // ---------------------------------------------------------------- DispatcherEvents

  invoke(method: MethodInfo, request: unknown, call: IncomingCall<Session>): unknown {
    const { deliver } = this.#channel;
    if (deliver === undefined) return this.#invoke(method, request, call);
    return invokeLater(deliver, call, () => this.#invoke(method, request, call));
  }

  #invoke(method: MethodInfo, request: unknown, call: IncomingCall<Session>): unknown {
    try {
      const owner = this.#owner;
      if (streamsReplies(method)) this.#admitStream(call);
      if (!this.#rules.keepsContext) return owner.handle(method, request, call);
      return runInContext(owner, method, request, call);
    } finally {
      // Beyond its first await a handler cannot be told from whoever else sends. A service plays safe and keeps all of
      // it before the answer. A client must not: its other operations may wait for the one that awaits this answer.
      if (this.#rules.role === 'client') call.sentUntil = this.#channel.sender.mark;
    }
  }

  #admitStream(call: IncomingCall<Session>): void {
    const { limits } = this.#rules;
    const streams = this.#openStreams;
    if (streams.replying >= limits.streams) throw limits.refuse('streams');
    streams.replying += 1;
    call.whenOver(() => {
      streams.replying -= 1;
    });
  }

  begun(call: IncomingCall<Session>): void {
    this.#owner.begun(call.byteLength);
  }

  /**
   * Answers are not gated by the window, so a client that does not take them
   * must not cause more of them. A client itself never holds callbacks back for
   * that: replies and states would overtake them.
   */
  mayBegin(): boolean {
    return this.#rules.role === 'client' || this.#channel.sender.hasRoom;
  }

  idle(): void {
    this.#channel.wake();
  }

  // ---------------------------------------------------------------- from the session

  /** Whether nothing runs, waits or streams. */
  get isIdle(): boolean {
    return this.#dispatcher.isIdle && (this.#streams === undefined || this.#streams.replies.size === 0);
  }

  /** Begins to run calls. */
  resume(): void {
    this.#dispatcher.resume();
  }

  /** A call that runs awaits an answer of the peer. */
  park(call: IncomingCall<unknown>): void {
    this.#dispatcher.park(call);
  }

  /** The answer is there; see {@link Dispatcher.unpark}. */
  unpark(call: IncomingCall<unknown>, goOn: () => void): void {
    this.#dispatcher.unpark(call, goOn);
  }

  /** The session is over: handlers are told, streams end. */
  abort(end: SessionEnd): void {
    const streams = this.#streams;
    // Most often nothing runs, and an error takes as long as a message.
    if (this.isIdle && (streams === undefined || streams.requests.size === 0)) return;
    const error = errorOf(end, 'no');
    this.#dispatcher.abortAll(error);
    if (streams === undefined) return;
    for (const receiver of streams.requests.values()) receiver.error(error);
    for (const { sender, call } of streams.replies.values()) {
      sender.stop();
      call.abort(error);
      call.end();
    }
    streams.requests.clear();
    streams.replies.clear();
  }

  /**
   * Tells something that the peer sent between its calls when those before it
   * have begun. True if that was at once; false if it waits, in the window.
   */
  inTurn(name: string, item: ReceivedItem, tell: () => void): boolean {
    return this.#dispatcher.inTurn(() => new IncomingCall(this.#owner.api, name, item, 0), tell);
  }

  /** Takes an item of a call of the peer. True if it was dispatched, false if it waits. */
  take(item: ReceivedItem): boolean {
    switch (item.number) {
      case Field.callCancel:
        this.#cancel(
          item.callId,
          new DuplexError('cancelled', 'the caller cancelled', {
            origin: 'remote',
          }),
        );
        return true;
      case Field.callComplete:
        this.#endRequests(item.callId)?.complete();
        return true;
      case Field.callOpen:
        return this.#openNamed(item);
    }
    const method = this.#rules.methods.get(item.number);
    if (method === undefined) return this.#unknown(item, `number ${item.number}`);
    let request: unknown;
    let context: Context | undefined;
    try {
      ({ context } = item);
      if (context !== undefined) checkHeaders(context);
      request = item.decode(method.request);
    } catch (error) {
      // Of a stream some may have been read before.
      this.threw(method, this.#callOf(method, item), unreadable(error, streamsRequests(method) ? 'yes' : 'no'));
      return true;
    }
    const isOneWay = method.shape === 'one-way' && item.callId === 0;
    if (isOneWay && this.#mayTell && this.#tell(method, request, item)) return true;
    const call = this.#callOf(method, item);
    if (context !== undefined) this.#accompany(call, context);
    if (streamsRequests(method)) {
      return this.#takeStreamItem(method, call, request);
    }
    return this.#dispatch(method, request, call);
  }

  /** What somebody only watches needs neither a turn nor a call: that is a third of what it costs to receive it. */
  #tell(method: MethodInfo, request: unknown, item: ReceivedItem): boolean {
    try {
      return this.#dispatcher.isFree && this.#owner.tell(method, request);
    } catch (error) {
      this.threw(method, this.#callOf(method, item), error);
      return true;
    }
  }

  /** True if the call was dispatched, false if it waits and is counted in the window. */
  #dispatch(method: MethodInfo, request: unknown, call: IncomingCall<Session>): boolean {
    if (this.#sequence !== undefined && !this.#mayEnter(this.#sequence, method, call)) return true;
    try {
      if (!call.isNested) return this.#dispatcher.dispatch(method, request, call);
      this.#dispatcher.dispatchNested(method, request, call);
    } catch (error) {
      this.threw(method, call, error);
    }
    return true;
  }

  #mayEnter(sequence: CallSequence, method: MethodInfo, call: IncomingCall<Session>): boolean {
    try {
      sequence.check(method);
      sequence.enter(method);
      return true;
    } catch (error) {
      const { code, message } = DuplexError.from(error);
      this.#refuse(method, call, new Fault(code, message, [], { executed: 'no' }));
      return false;
    }
  }

  /** The call does not run. */
  #refuse(method: MethodInfo, call: IncomingCall<Session>, fault: Fault): void {
    call.end();
    this.#endRequests(call.id);
    sendFault(this.#channel, call, faultFrom(fault, this.#rules).fault);
    if (call.id !== 0) return;
    this.#channel.counters.failedHandlers += 1;
    this.#channel.report(fault, method);
  }

  /** A call is answered, as far as it has an answer. */
  #answered({ terminating, localName }: MethodInfo): void {
    if (terminating) this.#channel.close(`${localName} was the last call`);
  }

  #accompany(call: IncomingCall<Session>, context: Context): void {
    call.context = context;
    if (call.isNested) call.parent = this.#owner.pending(context.parentCall);
  }

  /** The peer takes more items of a reply stream. */
  credit({ callId, total }: Grant): void {
    this.#streams?.replies.get(callId)?.sender.grant(total);
  }

  /** There is room for items of streams again. */
  room(): void {
    this.#dispatcher.drain();
    if (this.#streams === undefined) return;
    for (const { sender } of this.#streams.replies.values()) sender.advance();
  }

  /** On a new carrier: the credit of the old one may not have arrived. */
  regrant(): void {
    if (this.#streams === undefined) return;
    for (const receiver of this.#streams.requests.values()) receiver.regrant();
  }

  #callOf(method: MethodInfo, item: ReceivedItem): IncomingCall<Session> {
    const { sender, clock } = this.#channel;
    return new IncomingCall(this.#owner.api, method.localName, item, sender.mark, clock);
  }

  #unknown(item: ReceivedItem, what: string): boolean {
    this.#channel.counters.unknownItems += 1;
    this.#channel.log.unknown(what);
    const message = `no method with ${what} is known here: the other side speaks a newer contract`;
    const { mark } = this.#channel.sender;
    sendFault(
      this.#channel,
      { id: item.callId, sentSince: mark, sentUntil: mark },
      CallFault.fromPartial({
        code: Code.UNIMPLEMENTED,
        message,
        notExecuted: true,
      }),
    );
    return true;
  }

  // ---------------------------------------------------------------- request streams

  #openNamed(item: ReceivedItem): boolean {
    let name: string;
    let context: Context | undefined;
    try {
      name = item.decode(CallOpen).method;
      context = item.context;
    } catch (error) {
      const { mark } = this.#channel.sender;
      const { fault } = faultFrom(unreadable(error, 'no'), this.#rules);
      sendFault(this.#channel, { id: item.callId, sentSince: mark, sentUntil: mark }, fault);
      return true;
    }
    const method = this.#rules.methods.named(name);
    if (method === undefined) return this.#unknown(item, `the name ${JSON.stringify(name.slice(0, 64))}`);
    const call = this.#callOf(method, item);
    try {
      if (context !== undefined) checkHeaders(context);
    } catch (error) {
      this.threw(method, call, unreadable(error, 'no'));
      return true;
    }
    if (context !== undefined) this.#accompany(call, context);
    return this.#openStream(method, call, () => {});
  }

  #takeStreamItem(method: MethodInfo, call: IncomingCall<Session>, request: unknown): boolean {
    const open = this.#streams?.requests.get(call.id);
    if (open !== undefined) {
      if (open.next(request, call.byteLength)) return true;
      const error = overrun();
      this.#cancel(call.id, error);
      sendFault(this.#channel, call, CallFault.fromPartial({ code: error.code, message: error.message }));
      return true;
    } else if (call.id > this.#lastStreamId)
      return this.#openStream(method, call, (receiver) => receiver.next(request, call.byteLength));
    else this.#channel.counters.lateItems += 1;
    return true;
  }

  #openStream(method: MethodInfo, call: IncomingCall<Session>, fill: (receiver: StreamReceiver) => void): boolean {
    const { id } = call;
    this.#lastStreamId = id;
    const receiver = new StreamReceiver(this.#channel.streamLimits, {
      grant: (total) => this.#channel.grant({ callId: 0, replyTo: id, total }),
      holds: (byteLength) => this.#channel.sender.holding?.unread(byteLength),
      left: () => {},
      deliver: this.#channel.deliver,
      // Its caller has gone, which is no news here: the call's signal tells it.
      unheard: () => {},
    });
    this.#openStreams.requests.set(id, receiver);
    call.whenOver(() => receiver.forget());
    fill(receiver);
    return this.#dispatch(method, receiver.items, call);
  }

  #endRequests(id: number): StreamReceiver | undefined {
    if (this.#streams === undefined) return undefined;
    const { requests } = this.#streams;
    const receiver = requests.get(id);
    requests.delete(id);
    return receiver;
  }

  get #openStreams(): OpenStreams<Session> {
    this.#streams ??= new OpenStreams();
    return this.#streams;
  }

  #cancel(id: number, error: DuplexError): void {
    this.#dispatcher.cancel(id, error);
    this.#endRequests(id)?.error(error);
    const streaming = this.#streams?.replies.get(id);
    if (streaming === undefined) return;
    this.#streams?.replies.delete(id);
    streaming.sender.stop();
    streaming.call.abort(error);
    streaming.call.end();
    this.#channel.wake();
  }

  // ---------------------------------------------------------------- answers

  returned(method: MethodInfo, call: IncomingCall<Session>, result: unknown): void {
    if (streamsReplies(method)) return this.#stream(method, call, result);
    call.end();
    this.#endRequests(call.id);
    if (call.id === 0 || call.isAborted) return this.#answered(method);
    try {
      const item = encodeReply(this.#channel, method, call, result);
      this.#channel.sender.answer(item, call.sentSince, call.sentUntil);
    } catch (error) {
      this.threw(method, call, error);
      // No fault that the handler meant, so it is news here, too.
      if (error instanceof Fault) this.#channel.report(error, method);
      return;
    }
    this.#answered(method);
  }

  #stream(method: MethodInfo, call: IncomingCall<Session>, source: unknown): void {
    if (call.isAborted) return call.end();
    const { sender, peerStreamWindow } = this.#channel;
    const { replies } = this.#openStreams;
    // What was sent before the stream began belongs before it; what comes later goes beside it.
    const sentUntil = call.sentUntil ?? sender.mark;
    call.sentUntil = sentUntil;
    const end = (): void => {
      replies.delete(call.id);
      this.#endRequests(call.id);
      call.end();
      this.#answered(method);
      this.#channel.wake();
    };
    const stream = new StreamSender(
      {
        encode: (reply) => encodeReply(this.#channel, method, call, reply),
        send: (item) => sender.offerStreamItem(item, call.sentSince, sentUntil),
        completed: () => {
          sendComplete(this.#channel, call);
          end();
        },
        failed: (error) => {
          this.threw(method, call, error);
          end();
        },
        untold: (thrown) => {
          const { error } = faultFrom(thrown, this.#rules);
          if (error !== thrown) this.#channel.report(error, method);
        },
      },
      peerStreamWindow,
    );
    replies.set(call.id, { sender: stream, call });
    stream.start(source as ObservableInput<unknown>);
  }

  threw(method: MethodInfo, call: IncomingCall<Session>, thrown: unknown): void {
    call.end();
    this.#endRequests(call.id);
    const { fault, error } = faultFrom(thrown, this.#rules);
    if (call.id === 0) this.#channel.counters.failedHandlers += 1;
    let replacement: unknown;
    try {
      // A fault that reaches its caller is no news here; everything else is.
      // Neither is what a handler throws because its caller has gone.
      if (call.id === 0 || (error !== thrown && !call.isAborted)) replacement = this.#channel.report(error, method);
    } finally {
      const meant = replacement instanceof Fault ? faultFrom(replacement, this.#rules).fault : fault;
      // What is told in its place speaks of the same call.
      if (fault.notExecuted) meant.notExecuted = true;
      if (!call.isAborted) sendFault(this.#channel, call, withDeclaredDetails(this.#channel, method, meant));
    }
    this.#answered(method);
  }
}

/** Bytes that are not a request of their method are the caller's mistake: the caller hears of it. */
function unreadable(error: unknown, executed: 'no' | 'yes'): Fault {
  const { code, message } = DuplexError.from(error);
  return new Fault(code, message, [], { executed });
}
