import { Code, DuplexError } from '../../errors.js';
import type { ItemBytes } from '../../wire/encoded-item.js';
import { FrameDecoder } from '../../wire/frame-decoder.js';
import type { Acknowledgement } from '../receiving/receipts.js';
import { errorOf, type SessionEnd } from '../session-end.js';
import { defaultTerms, type SessionTerms } from '../terms.js';
import type { HeldBytes } from './held-bytes.js';
import { Holding } from './holding.js';
import { Outbox } from './outbox.js';
import { Pace } from './pace.js';
import { type Early, type Waiter, WaitingLine, type WaitingLineLimits } from './waiting-line.js';

/** The key of states in the waiting line; methods have theirs from 100 up. */
const STATE = 0;

/**
 * What the application sends in a session. An item is admitted to the outbox
 * if the peer's window takes it, and waits in line if not; so what it costs is
 * bounded, and order is kept. Source: PROTOCOL.md, section 7.
 */
export class Sender {
  readonly outbox = new Outbox();
  /** What this session holds, where all sessions together have a bound. */
  readonly holding: Holding | undefined;
  #peerTerms = defaultTerms;
  #refusal: SessionEnd | undefined;
  #roomWanted = false;
  #isOver = false;
  /** Made with the first who has to wait: most sessions never fill a window. */
  #line: WaitingLine | undefined;
  /** Made when the session is ahead of its carrier for the first time. */
  #pace: Pace | undefined;
  readonly #limits: WaitingLineLimits;
  readonly #driver: { wake(): void };

  /** `driver.wake` is called when there is something to frame; `receipts` know what was received and waits. */
  constructor(
    { waiting, heldBytes }: { readonly waiting: WaitingLineLimits; readonly heldBytes?: HeldBytes | undefined },
    driver: { wake(): void },
    receipts: { readonly heldBytes: number },
    controls: { wantAcknowledgement(): void },
  ) {
    this.#limits = waiting;
    this.#driver = driver;
    if (heldBytes !== undefined) this.holding = new Holding(heldBytes, this, receipts, controls);
  }

  /** What the peer accepts. */
  get peerTerms(): SessionTerms {
    return this.#peerTerms;
  }

  set peerTerms(terms: SessionTerms) {
    this.#peerTerms = terms;
    this.outbox.terms = terms;
    if (this.outbox.isOverfull) this.#admitAgain();
  }

  /**
   * What was admitted by a guess is admitted anew, in order. What the window
   * does not take waits in front of all others, and right behind a call what
   * belongs to it, such as items of its stream. Nothing else that no window
   * gates may wait for that: a handler may be waiting for it.
   */
  #admitAgain(): void {
    const { outbox } = this;
    const line = this.#lineUp();
    const late: Early[][] = [];
    const ofCalls = new Map<number, Early[]>();
    for (const { item, charged, seq } of outbox.takeBack()) {
      const call = callIdIn(item);
      const own = charged ? undefined : ofCalls.get(call);
      if (own?.[0] !== undefined) own.push({ item, charged, ordinal: own[0].ordinal });
      else if (!charged) outbox.add(item);
      else if (late.length === 0 && outbox.admits(item.length)) outbox.charge(item);
      else {
        const places = [{ item, charged, ordinal: seq }];
        late.push(places);
        if (call !== 0) ofCalls.set(call, places);
      }
    }
    line.putInFront(late.flat());
  }

  /** Whether nothing waits to be admitted or framed. */
  get isDrained(): boolean {
    return this.#waiting === 0 && this.outbox.drained;
  }

  /**
   * Whether the peer takes what this side sends: without that nothing should
   * begin that has an answer. If not, `advance` tells when it does again.
   */
  get hasRoom(): boolean {
    if (this.outbox.hasRoom && this.holding?.fits(0) !== false) return true;
    this.#roomWanted = true;
    return false;
  }

  /** From now on nothing may be sent that starts something. */
  refuse(end: SessionEnd): void {
    this.#refusal = end;
  }

  /** Nobody who waits will be admitted any more. */
  fail(end: SessionEnd): void {
    this.#isOver = true;
    this.holding?.end();
    // Most often nobody waits, and an error takes as long as a message.
    this.#line?.fail(errorOf(end, 'no'));
  }

  /** For whoever waits until the session is no longer ahead of its carrier. */
  get pace(): Pace {
    this.#pace ??= new Pace(this.outbox);
    return this.#pace;
  }

  /** The next frame, with what is to be acknowledged; at the plain level without. */
  nextFrame(now: number, receipts: { say(): Acknowledgement } | undefined): Uint8Array {
    const { outbox } = this;
    const frame = receipts === undefined ? outbox.nextPlainFrame() : outbox.nextFrame(receipts.say());
    this.#pace?.framed(now);
    return frame;
  }

  /** The same of items that go with a control message, behind `head`, its frame; see `Outbox.countBehind`. */
  frameBehind(head: Uint8Array, count: number, now: number): Uint8Array {
    const frame = this.outbox.frameBehind(head, count);
    this.#pace?.framed(now);
    return frame;
  }

  /** Frames go to the peer, or none for now: then only the window bounds what is sent meanwhile. */
  flow(flows: boolean): void {
    this.outbox.flows = flows;
    this.#pace?.restart();
  }

  /** Sends an item that starts something, if the window takes it now; false if not. */
  offer(item: ItemBytes): boolean {
    this.#check(item);
    return this.#sendNow(item);
  }

  /** The same, but false as well for an item that `offer` would throw for. */
  offerQuietly(item: ItemBytes): boolean {
    return this.#refusal === undefined && item.length <= this.#peerTerms.itemBytes && this.#sendNow(item);
  }

  #sendNow(item: ItemBytes): boolean {
    if (this.#waiting > 0 || !this.#admits(item.length)) return false;
    this.#send(item, true);
    return true;
  }

  /** Queues an item that `offer` did not take. Throws RESOURCE_EXHAUSTED if too many wait already. */
  wait(item: Uint8Array, waiter: Waiter): void {
    this.holding?.checkLine(item.length);
    this.#lineUp().join(item, waiter);
    this.holding?.tally();
  }

  /** Whether the peer's window takes it, and what all sessions may hold. One that holds nothing always may. */
  #admits(byteLength: number): boolean {
    return this.outbox.admits(byteLength) && this.holding?.fits(byteLength) !== false;
  }

  /** A mark for `answer`: what is sent from now on belongs before the answer. What is sent may have to wait after all. */
  get mark(): number {
    return this.#line?.mark ?? this.outbox.lastSeq;
  }

  /**
   * Sends an answer or a cancel. No window gates it; it waits only for what
   * was sent after the mark `since` and not after the mark `until`.
   */
  answer(item: ItemBytes, since: number, until = Number.POSITIVE_INFINITY): void {
    if (this.#line?.waitsSince(since, until) !== true) return this.#send(item, false);
    this.#line.joinAnswer(item.slice());
    this.holding?.grew(item.length);
  }

  /**
   * Sends a call that serves one of the peer's. Like an answer it is not gated,
   * for the window may be full of what waits for it; it waits only for what
   * its handler has in line, up to the mark `after`.
   */
  nest(item: ItemBytes, after: number): void {
    this.#check(item);
    this.answer(item, 0, after);
  }

  /**
   * Sends an item of a stream that has credit for it, if there is room; if
   * not, `advance` tells when there is. It starts nothing, so it also goes
   * while the session closes, and waits only for what belongs before it.
   */
  offerStreamItem(item: ItemBytes, since: number, until: number): boolean {
    if (this.#isOver && this.#refusal !== undefined) throw errorOf(this.#refusal, 'no');
    this.checkSize(item);
    if (this.#line?.waitsSince(since, until) === true || !this.hasRoom) {
      this.#roomWanted = true;
      return false;
    }
    this.#send(item, false);
    return true;
  }

  /** Sends the present state. While the window is full a newer one replaces it. */
  sendState(item: Uint8Array): void {
    this.checkSize(item);
    if (this.#refusal === undefined) this.sendDroppable(item, STATE, 1);
  }

  /**
   * Sends an item that starts something and that a slow peer may miss: while
   * the window is full the newest `limit` of its `key` are kept. True if an
   * older one was dropped for it.
   */
  sendDroppable(item: ItemBytes, key: number, limit: number): boolean {
    this.#check(item);
    if (this.#sendNow(item)) return false;
    const dropped = this.#lineUp().joinDroppable(item.slice(), key, limit);
    this.holding?.grew(item.length);
    return dropped;
  }

  /** Adds an item to the outbox. If something was there already the driver knows that it has to frame. */
  #send(item: ItemBytes, isGated: boolean): void {
    const { outbox } = this;
    const isFirst = outbox.drained;
    if (isGated) outbox.charge(item);
    else outbox.add(item);
    this.holding?.grew(item.length);
    if (isFirst) this.#driver.wake();
  }

  get #waiting(): number {
    return this.#line?.length ?? 0;
  }

  /** Bytes in line. */
  get waitingBytes(): number {
    return this.#line?.byteLength ?? 0;
  }

  #lineUp(): WaitingLine {
    this.#line ??= new WaitingLine(this.#limits, this.outbox.lastSeq);
    return this.#line;
  }

  /** What is sent and not acknowledged, and what waits to be sent. */
  get depths(): { readonly unacknowledged: number; readonly waiting: number; readonly waitingBytes: number } {
    const { lastSeq, acked } = this.outbox;
    return { unacknowledged: lastSeq - acked, waiting: this.#waiting, waitingBytes: this.waitingBytes };
  }

  /**
   * The peer has said something, at `now`, or at the plain level a frame is
   * written. Admits those in line whom the window takes now. True if stream
   * items that were not taken may be offered again.
   */
  advance(now?: number): boolean {
    const { outbox } = this;
    if (this.#line !== undefined && this.#line.length > 0) {
      this.#line.advance(
        (byteLength) => this.#admits(byteLength),
        (item, charged) => (charged ? outbox.charge(item) : outbox.add(item)),
      );
    }
    this.#pace?.advance(now);
    this.holding?.tally();
    if (!this.#roomWanted || !this.hasRoom) return false;
    this.#roomWanted = false;
    return true;
  }

  #check(item: ItemBytes): void {
    if (this.#refusal !== undefined) throw errorOf(this.#refusal, 'no');
    this.checkSize(item);
  }

  /** Throws RESOURCE_EXHAUSTED for an item that is larger than the peer takes. */
  checkSize(item: ItemBytes): void {
    const { itemBytes } = this.#peerTerms;
    if (item.length <= itemBytes) return;
    throw new DuplexError('fault', `a message of ${item.length} bytes is over the peer's limit of ${itemBytes} bytes`, {
      code: Code.RESOURCE_EXHAUSTED,
    });
  }
}

/** The call to which an item belongs that its caller sent. */
function callIdIn(item: Uint8Array): number {
  const decoder = new FrameDecoder();
  decoder.read(item);
  return decoder.item.callId;
}
