import type { MethodInfo } from '../../contract/contract.js';
import type { DuplexError } from '../../errors.js';
import type { IncomingCall, ServedCall } from '../incoming/call.js';
import type { StreamReceiver } from '../streams/stream-receiver.js';
import type { StreamSender } from '../streams/stream-sender.js';

/**
 * A call that awaits its answer. Made for every call, so it is itself what the
 * answer is told to; what only few calls have is set where a call has it.
 */
export abstract class PendingCall implements ServedCall {
  readonly method: MethodInfo;
  /** By which the peer knows it; from 1 up, once it is sent. */
  id = 0;
  timeoutMs = 0;
  /** When to give up, on the clock's time, in whole milliseconds: V8 would keep another number in a box of its own. */
  deadline = 0;
  /** The number of its item in the session, or a lower one. */
  seq = 0;
  /** Between these marks lies the call itself, if it had to wait for the window. */
  sentSince = 0;
  sentUntil = 0;
  /** The peer's call that it serves. */
  parent: IncomingCall<unknown> | undefined;
  /** Sends the items of a request stream. */
  requests: StreamSender | undefined;
  /** Takes back what was set up for the call, e.g. listening to its signal. */
  cleanUp: (() => void) | undefined;
  /** Stands around telling the outcome, where more than the caller hangs on it. */
  around: ((tell: () => void) => void) | undefined;

  constructor(method: MethodInfo) {
    this.method = method;
  }

  /** Takes the items of a reply stream; undefined where there is one reply. */
  abstract readonly replies: StreamReceiver | undefined;

  protected abstract tell(reply: unknown): void;
  protected abstract tellError(error: DuplexError): void;

  /** The reply came; for a stream, its end. */
  resolve(reply: unknown): void {
    if (this.around === undefined) this.tell(reply);
    else this.around(() => this.tell(reply));
  }

  reject(error: DuplexError): void {
    if (this.around === undefined) this.tellError(error);
    else this.around(() => this.tellError(error));
  }
}

/** A call whose one reply is awaited. */
export class PromisedCall extends PendingCall {
  readonly replies = undefined;
  readonly reply: Promise<unknown>;
  #resolve!: (reply: unknown) => void;
  #reject!: (error: DuplexError) => void;

  constructor(method: MethodInfo) {
    super(method);
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  protected tell(reply: unknown): void {
    this.#resolve(reply);
  }

  protected tellError(error: DuplexError): void {
    // A reply that nobody awaits must not end the process; whoever awaits it still gets the rejection.
    this.reply.catch(() => {});
    this.#reject(error);
  }
}

/** A call whose replies are a stream. */
export class StreamedCall extends PendingCall {
  readonly replies: StreamReceiver;

  constructor(method: MethodInfo, replies: StreamReceiver) {
    super(method);
    this.replies = replies;
  }

  protected tell(): void {
    this.replies.complete();
  }

  protected tellError(error: DuplexError): void {
    this.replies.error(error);
  }
}
