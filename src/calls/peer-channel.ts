import type { MethodInfo } from '../contract/contract.js';
import type { MessageCodec } from '../contract/message-codec.js';
import type { DuplexError } from '../errors.js';
import type { Grant } from '../gen/duplex/v1/session.js';
import type { SessionLog } from '../observability/session-log.js';
import type { Sender } from '../session/sending/sender.js';
import type { Session } from '../session/session.js';
import { defaultTerms } from '../session/terms.js';
import type { Clock } from '../transport/clock.js';
import type { EncodedItem, ItemBytes } from '../wire/encoded-item.js';
import type { ItemEncoder, ItemHead } from '../wire/item-encoder.js';
import type { CallChannel, CallCounters, Nesting } from './call-channel.js';
import type { Deliver } from './deliver.js';
import type { IncomingCall } from './incoming/call.js';
import { currentCall } from './operation-context.js';
import { SlowPeer } from './outgoing/slow-peer.js';
import type { QuickPolicy, SlowPeerPolicy } from './outgoing/slow-peer-policy.js';
import type { PeerPlan } from './peer-plan.js';
import type { StreamLimits } from './streams/stream-receiver.js';

/** What a channel needs of the peer that it belongs to. */
export interface ChannelOwner {
  readonly session: Session;
  readonly counters: CallCounters;
  readonly log: SessionLog;
  /** What incoming calls name as their session. */
  readonly api: unknown;
  close(message: string): void;
  wake(): void;
  park(call: IncomingCall<unknown>): void;
  unpark(call: IncomingCall<unknown>, goOn: () => void): void;
}

/** The session of a peer, as its calls in both directions see it. */
export class PeerChannel implements CallChannel, Nesting {
  readonly sender: Sender;
  readonly encoder: ItemEncoder;
  readonly clock: Clock;
  /** Made when the peer is slow for the first time. */
  #slowPeer: SlowPeer | undefined;
  readonly #owner: ChannelOwner;
  readonly #plan: PeerPlan;

  constructor(owner: ChannelOwner, plan: PeerPlan) {
    this.sender = owner.session.sender;
    this.encoder = plan.options.encoder;
    this.clock = plan.options.clock;
    this.#owner = owner;
    this.#plan = plan;
  }

  get counters(): CallCounters {
    return this.#owner.counters;
  }

  get nesting(): Nesting {
    return this;
  }

  get deliver(): Deliver | undefined {
    return this.#plan.options.deliver;
  }

  get log(): SessionLog {
    return this.#owner.log;
  }

  /** A plain session has no credit: there its stream alone slows a sender down. */
  get streamLimits(): StreamLimits {
    const window = defaultTerms.streamCredit;
    return { window, tolerance: this.#owner.session.level === 'plain' ? 3 * window : 0 };
  }

  get peerStreamWindow(): number {
    return this.#owner.session.level === 'plain' ? Number.POSITIVE_INFINITY : this.sender.peerTerms.streamCredit;
  }

  slowPolicy(method: MethodInfo): SlowPeerPolicy {
    return this.#plan.options.slowPolicy?.(method) ?? 'wait';
  }

  encode<Message>(head: ItemHead, number: number, codec: MessageCodec<Message>, content: unknown): EncodedItem {
    return this.encoder.encodeOnce(head, number, codec, content, this.sender.outbox.openBatch);
  }

  post(method: MethodInfo, item: ItemBytes, policy: QuickPolicy): void {
    this.#slowPeer ??= new SlowPeer(this, ({ code, message }) =>
      this.#owner.session.abort({ kind: 'aborted', origin: 'local', code, message }),
    );
    this.#slowPeer.post(method, item, policy);
  }

  grant(grant: Grant): void {
    this.#owner.session.controls.grant(grant);
  }

  close(message: string): void {
    this.#owner.close(message);
  }

  wake(): void {
    this.#owner.wake();
  }

  report(error: DuplexError, method?: MethodInfo): unknown {
    const { onError, contract } = this.#plan.options;
    return onError(error, { contract: contract.name, method: method?.localName });
  }

  // ---------------------------------------------------------------- Nesting

  owns(call: IncomingCall<unknown>): boolean {
    return call.session === this.#owner.api;
  }

  current(): IncomingCall<unknown> | undefined {
    if (!this.#plan.incoming.keepsContext) return undefined;
    const call = currentCall();
    return call !== undefined && this.owns(call) ? call : undefined;
  }

  park(call: IncomingCall<unknown>): void {
    this.#owner.park(call);
  }

  unpark(call: IncomingCall<unknown>, goOn: () => void): void {
    this.#owner.unpark(call, goOn);
  }
}
