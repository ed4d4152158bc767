import type { Context } from '../gen/duplex/v1/session.js';
import type { ReceivedItem } from '../wire/frame-decoder.js';

/**
 * The context of one call, as its handler gets it for a second argument.
 * `Session` is what the call came in on.
 */
export interface Call<Session = unknown> {
  readonly session: Session;
  /** Local name of the operation or callback, e.g. `addTo`. */
  readonly method: string;
  /** Aborted when the caller cancels, when its time is up, or when the session ends. */
  readonly signal: AbortSignal;
  /** When the caller gives up, if it said so. */
  readonly deadline: Date | undefined;
}

/** A call of this side that the peer serves by calls of its own: what they lead back to. */
export interface ServedCall {
  readonly method: { readonly localName: string };
  /** The peer's call that it serves itself. */
  readonly parent: IncomingCall<unknown> | undefined;
}

/** What an item says of the call that it starts. */
type CallItem = Pick<ReceivedItem, 'callId' | 'timeoutMs' | 'byteLength'>;

/** A call that runs or waits for its turn here. Made for every call, so it makes the rest only when asked. */
export class IncomingCall<Session> implements Call<Session> {
  readonly session: Session;
  readonly method: string;
  /** The caller's id for it; 0 wants no answer. */
  readonly id: number;
  /** Encoded length of the request. */
  readonly byteLength: number;
  /** What was sent between these two marks belongs before the answer. */
  readonly sentSince: number;
  sentUntil = Number.POSITIVE_INFINITY;
  readonly deadline: Date | undefined;
  /** What accompanies it; almost always nothing. */
  context: Context | undefined;
  /** The call of this side that it serves, if that is still open. */
  parent: ServedCall | undefined;
  /** Mark of the last thing that its handler sent and that had to wait for the window, as far as that is known. */
  lastInLine = 0;
  /** Whether it is answered: what its handler does from then on serves nobody. */
  isOver = false;
  #controller: AbortController | undefined;
  #aborted: unknown;

  constructor(session: Session, method: string, { callId, timeoutMs, byteLength }: CallItem, sentSince: number) {
    this.session = session;
    this.method = method;
    this.id = callId;
    this.byteLength = byteLength;
    this.sentSince = sentSince;
    this.deadline = timeoutMs > 0 ? new Date(Date.now() + timeoutMs) : undefined;
  }

  /** Whether it serves a call of this side, as the peer says. */
  get isNested(): boolean {
    return this.context !== undefined && this.context.parentCall !== 0 && this.id !== 0;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  /** Whether nobody waits for its outcome any more. */
  get isAborted(): boolean {
    return this.#aborted !== undefined;
  }

  abort(reason: unknown): void {
    this.#aborted = reason;
    this.#controller?.abort(reason);
  }
}
