import type { Observable } from 'rxjs';
import type { MethodInfo } from '../contract/contract.js';
import type { MessageCodec } from '../contract/message-codec.js';
import { DuplexError } from '../errors.js';
import type { Credentials, Grant, Hello, Reason } from '../gen/duplex/v1/session.js';
import { type SessionFields, SessionLog } from '../observability/session-log.js';
import type { Issuer } from '../session/handshake.js';
import { Session } from '../session/session.js';
import { orderlyEnd, type SessionEnd } from '../session/session-end.js';
import type { SessionListener } from '../session/session-options.js';
import { type Dial, Driver } from '../transport/driver.js';
import { Field } from '../wire/fields.js';
import type { ReceivedItem } from '../wire/frame-decoder.js';
import { bareHead } from '../wire/item-encoder.js';
import type { CallCounters } from './call-channel.js';
import type { IncomingCall } from './incoming/call.js';
import { IncomingCalls, type IncomingOwner } from './incoming/incoming-calls.js';
import { interceptedCall } from './interceptors/call-shape.js';
import { aroundHandler, type Handle, type Make } from './interceptors/compose.js';
import type { CallOptions } from './outgoing/call-options.js';
import { OutgoingCalls } from './outgoing/outgoing-calls.js';
import type { PendingCall } from './outgoing/pending-call.js';
import type { Sent } from './outgoing/sent.js';
import type { QuickPolicy } from './outgoing/slow-peer-policy.js';
import { type ChannelOwner, PeerChannel } from './peer-channel.js';
import type { PeerPlan } from './peer-plan.js';
import { hearUnheardErrors } from './streams/unheard-errors.js';

/** What the owner of a peer is asked and told. */
export interface PeerOwner<SessionApi> {
  /** What incoming calls name as their session. */
  readonly api: SessionApi;
  /** What log records say of the session. */
  readonly logFields: Omit<SessionFields, 'side' | 'contract'>;
  /** Service: a client wants in; answered by `Peer.accept` or `Session.refuse`. */
  onOpening(hello: Hello | undefined): void;
  onOpened(): void;
  /** Service: the client has the token of the last Welcome. */
  onConfirmed(): void;
  /** Client: answers by `Controls.show`, or drops the carrier. */
  onCredentialsWanted(): void;
  /** Service: the client shows fresh ones. */
  onCredentials(shown: Credentials): void;
  onSuspended(error: DuplexError): void;
  onResumed(): void;
  /** Client: takes a one-way call for those who only watch; false if somebody wants to know its call. */
  tell?(method: MethodInfo, request: unknown): boolean;
  /** Runs the handler of an incoming call; may throw. */
  invoke(method: MethodInfo, request: unknown, call: IncomingCall<SessionApi>): unknown;
  /** Client: the service's state changed. */
  onState(state: unknown): void;
  onClosing(end: SessionEnd): void;
  /** The session is over, and its calls are about to fail: what they do about it comes before `onClosed`. */
  onEnded?(end: SessionEnd): void;
  onClosed(end: SessionEnd): void;
}

/**
 * One side of a duplex session above the session engine: makes calls to the
 * other side, runs the calls of the other side. Both roles are the same but
 * for which methods go which way.
 */
export class Peer<SessionApi> implements SessionListener, ChannelOwner, IncomingOwner<SessionApi> {
  readonly session: Session;
  readonly driver: Driver;
  /** Rises with every call and every answer, in either direction. */
  activity = 0;
  /** Made with the first that counts anything. */
  #counters: CallCounters | undefined;
  readonly log: SessionLog;
  readonly #channel: PeerChannel;
  readonly #outgoing: OutgoingCalls;
  readonly #incoming: IncomingCalls<SessionApi>;
  /** How a call goes out where interceptors look at it, and how a handler is run there. */
  readonly #intercepted: ReturnType<typeof interceptedCall> | undefined;
  readonly #around: Handle<SessionApi> | undefined;
  readonly #plan: PeerPlan;
  readonly #owner: PeerOwner<SessionApi>;

  /** With `dial`, which makes a connection, it is a client's. */
  constructor(plan: PeerPlan, owner: PeerOwner<SessionApi>, dial?: Dial) {
    hearUnheardErrors();
    this.#plan = plan;
    this.#owner = owner;
    const { clock, interceptors } = plan.options;
    this.log = new SessionLog(plan.options.logger, clock, this);
    this.session = new Session(plan.session, this);
    this.driver = new Driver(this.session, clock, dial, plan.alarms);
    this.#channel = new PeerChannel(this, plan);
    this.#outgoing = new OutgoingCalls(this.#channel, plan.outgoing.methods);
    this.#incoming = new IncomingCalls(this.#channel, plan.incoming, this);
    if (interceptors.length === 0) return;
    const make: Make = (method, request, options) =>
      this.#outgoing.call(plan.outgoing.get(method.number) ?? method, request, options);
    this.#intercepted = interceptedCall(interceptors, make, {
      unsent: (method, error) => this.unsent(method, error),
      report: (error, method) => this.#channel.report(error, method),
    });
    this.#around = aroundHandler(interceptors, (method, request, call) => owner.invoke(method, request, call));
  }

  /** What incoming calls name as their session. */
  get api(): SessionApi {
    return this.#owner.api;
  }

  get counters(): CallCounters {
    this.#counters ??= { unsent: 0, failedHandlers: 0, unknownItems: 0, lateItems: 0, dropped: 0 };
    return this.#counters;
  }

  /** What log records say of the session. */
  get logFields(): SessionFields {
    const { role, contract } = this.#plan.options;
    return { side: role, contract: contract.name, ...this.#owner.logFields };
  }

  // ---------------------------------------------------------------- from the owner

  /** Calls a method of the other side, in the way of its shape. */
  call(
    method: MethodInfo,
    request: unknown,
    options: CallOptions | undefined,
  ): Sent | Promise<unknown> | Observable<unknown> {
    this.activity += 1;
    if (this.#intercepted === undefined) return this.#outgoing.call(method, request, options);
    try {
      return this.#intercepted(method, request, options ?? {});
    } catch (error) {
      return this.#outgoing.failed(method, DuplexError.from(error));
    }
  }

  /** Counts a one-way call that failed without being awaited; the first of each kind is reported. */
  unsent(method: MethodInfo, error: DuplexError): void {
    this.#outgoing.unsent(method, error);
  }

  /**
   * Sends the item of a one-way call that was encoded before, for this session
   * or for many, by a policy under which nobody waits. What fails is counted
   * and reported as for a call that nobody awaits.
   */
  post(method: MethodInfo, item: Uint8Array, policy: QuickPolicy): void {
    this.activity += 1;
    // A peer that keeps up needs no policy.
    if (!this.session.sender.offerQuietly(item)) this.#channel.post(method, item, policy);
  }

  /** Sends the service's state; while the client is slow only the newest. */
  sendState(codec: MessageCodec, state: unknown): void {
    this.session.sender.sendState(this.#channel.encoder.encode(bareHead, Field.state, codec, state));
  }

  /** Throws what `sendState` would throw. */
  checkState(codec: MessageCodec, state: unknown): void {
    this.session.sender.checkSize(this.#channel.encoder.encode(bareHead, Field.state, codec, state));
  }

  /** Whether a call runs or waits here, or an answer is awaited. */
  get isBusy(): boolean {
    return !this.isIdle();
  }

  /** Service: lets the client in and begins to run its calls. */
  accept(issuer: Issuer): void {
    this.session.accept(issuer, this.#channel.clock.now());
    this.#incoming.resume();
  }

  /** Closes in order; see `Session.close`. */
  close(message: string, reason?: Reason): void {
    if (this.#plan.options.role === 'client') this.#outgoing.refuse(orderlyEnd('local', message));
    this.session.close(this.#channel.clock.now(), message, reason);
  }

  // ---------------------------------------------------------------- from its calls

  pending(id: number): PendingCall | undefined {
    return this.#outgoing.pending(id);
  }

  handle(method: MethodInfo, request: unknown, call: IncomingCall<SessionApi>): unknown {
    return this.#around === undefined ? this.#owner.invoke(method, request, call) : this.#around(method, request, call);
  }

  tell(method: MethodInfo, request: unknown): boolean {
    return this.#around === undefined && this.#owner.tell?.(method, request) === true;
  }

  begun(byteLength: number): void {
    this.session.release(byteLength, this.#channel.clock.now());
  }

  park(call: IncomingCall<unknown>): void {
    this.#incoming.park(call);
  }

  unpark(call: IncomingCall<unknown>, goOn: () => void): void {
    this.#incoming.unpark(call, goOn);
  }

  // ---------------------------------------------------------------- SessionListener

  opening(hello: Hello | undefined): void {
    this.#owner.onOpening(hello);
  }

  opened(): void {
    this.log.opened();
    this.#owner.onOpened();
  }

  confirmed(): void {
    this.#owner.onConfirmed();
  }

  credentialsWanted(): void {
    this.#owner.onCredentialsWanted();
  }

  credentials(shown: Credentials): void {
    this.#owner.onCredentials(shown);
  }

  suspended(error: DuplexError): void {
    this.log.suspended(error);
    this.#owner.onSuspended(error);
  }

  resumed(): void {
    this.#outgoing.regrant();
    this.#incoming.regrant();
    this.log.resumed();
    this.#owner.onResumed();
  }

  item(item: ReceivedItem): boolean {
    this.activity += 1;
    if (item.replyTo !== 0) this.#outgoing.take(item);
    else if (item.number === Field.state) return this.#takeState(item);
    else return this.#incoming.take(item);
    return true;
  }

  credit(grant: Grant): void {
    this.#outgoing.credit(grant);
    this.#incoming.credit(grant);
  }

  room(): void {
    this.#outgoing.room();
    this.#incoming.room();
  }

  closing(end: SessionEnd): void {
    // A service's running operations may still call back; that they should end is its owner's affair.
    if (this.#plan.options.role === 'client') this.#outgoing.refuse(end);
    this.#owner.onClosing(end);
  }

  closed(end: SessionEnd): void {
    this.log.closed(end, { ...this.#counters });
    this.#owner.onEnded?.(end);
    this.#outgoing.refuse(end);
    this.#outgoing.fail(end);
    this.#incoming.abort(end);
    this.#owner.onClosed(end);
  }

  isIdle(): boolean {
    return this.#incoming.isIdle && this.#outgoing.size === 0;
  }

  awaitsPeer(): boolean {
    return this.#outgoing.size > 0;
  }

  wake(): void {
    this.driver.wake();
  }

  /** A state does not overtake callbacks that wait for their handlers. */
  #takeState(item: ReceivedItem): boolean {
    const { contract, role } = this.#plan.options;
    if (contract.state === undefined || role === 'service') {
      this.counters.unknownItems += 1;
      this.log.unknown('a state');
      return true;
    }
    try {
      const state = item.decode(contract.state);
      return this.#incoming.inTurn('state', item, () => this.#owner.onState(state));
    } catch (error) {
      this.#channel.report(DuplexError.from(error));
      return true;
    }
  }
}
