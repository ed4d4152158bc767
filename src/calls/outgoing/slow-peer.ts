import type { MethodInfo } from '../../contract/contract.js';
import { Code, DuplexError } from '../../errors.js';
import type { ItemBytes } from '../../wire/encoded-item.js';
import type { CallChannel } from '../call-channel.js';
import type { QuickPolicy } from './slow-peer-policy.js';

/** So many of a method `drop-oldest` keeps. */
const MAX_KEPT = 256;

/** Sends one-way calls by policies under which no caller waits. */
export class SlowPeer {
  readonly #reported = new Set<string>();
  readonly #channel: CallChannel;
  readonly #endSession: (error: DuplexError) => void;

  /** `endSession` is called when a policy ends it. */
  constructor(channel: CallChannel, endSession: (error: DuplexError) => void) {
    this.#channel = channel;
    this.#endSession = endSession;
  }

  /** Sends an item of a method, or keeps it, as the policy says. What fails is counted, and reported once. */
  post(method: MethodInfo, item: ItemBytes, policy: QuickPolicy): void {
    this.#attempt(method, () => this.#deal(method, item, policy));
  }

  #attempt(method: MethodInfo, send: () => void): void {
    try {
      send();
    } catch (thrown) {
      this.#channel.counters.unsent += 1;
      this.#reportOnce(method, DuplexError.from(thrown));
    }
  }

  #deal(method: MethodInfo, item: ItemBytes, policy: QuickPolicy): void {
    if (policy === 'fail-session') this.#insist(method, item);
    else this.#spare(method, item, policy);
  }

  #spare(method: MethodInfo, item: ItemBytes, policy: 'latest' | 'drop-oldest'): void {
    const { sender, counters, log } = this.#channel;
    if (!sender.sendDroppable(item, method.number, policy === 'latest' ? 1 : MAX_KEPT)) return;
    counters.dropped += 1;
    log.dropped(method.localName, policy);
    if (policy === 'latest') return;
    const message = `the peer is too slow for ${method.localName}: of those that wait the oldest are dropped`;
    this.#reportOnce(method, new DuplexError('fault', message, { code: Code.RESOURCE_EXHAUSTED }));
  }

  #insist(method: MethodInfo, item: ItemBytes): void {
    const { sender } = this.#channel;
    if (sender.offer(item)) return;
    try {
      sender.wait(item.slice(), { admitted: () => {}, failed: () => {} });
    } catch (error) {
      const { message, code } = DuplexError.from(error);
      this.#endSession(new DuplexError('fault', `${method.localName} must not be lost, and ${message}`, { code }));
    }
  }

  #reportOnce(method: MethodInfo, error: DuplexError): void {
    const what = `${method.localName} ${error.kind} ${error.code}`;
    if (this.#reported.has(what)) return;
    this.#reported.add(what);
    this.#channel.report(error, method);
  }
}
