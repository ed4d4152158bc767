import { Code } from '../errors.js';
import { type Credentials, type Goodbye, type Grant, type Hello, Reason } from '../gen/duplex/v1/session.js';
import type { ControlMessage } from '../wire/control.js';
import type { SessionListener } from './session-options.js';

const silentGoodbye: Goodbye = Object.freeze({
  reason: Reason.UNSPECIFIED,
  code: Code.OK,
  message: '',
  mayResume: false,
  lastSeq: undefined,
  retryAfterMs: 0,
  target: '',
});

/** Questions and answers of which the last counts: who asks and never reads must not fill memory. */
const lastCounts: ReadonlySet<ControlMessage['$case']> = new Set(['ping', 'pong', 'credentials', 'credentialsWanted']);

type ControlListener = Pick<SessionListener, 'wake' | 'credit' | 'credentials' | 'credentialsWanted'>;

/**
 * What is said beside items, in either direction: control messages that wait for
 * the carrier, and those of the peer that only pass something on. They never
 * wait behind items, are never numbered and never replayed: a new carrier
 * starts with none.
 */
export class Controls {
  /** None while it is empty: an array keeps room for its next items, 180 bytes in each session that rests. */
  #queue: ControlMessage[] | undefined;
  #wantsAck = false;
  /** Client: makes the Hello that the present carrier has not seen yet. */
  #hello: ((credentials: Credentials | undefined) => Hello) | undefined;
  readonly #session: { readonly isJoined: boolean };
  readonly #listener: ControlListener;

  /** `session.isJoined` tells whether the peer can be told now what is of use only in an open session. */
  constructor(session: { readonly isJoined: boolean }, listener: ControlListener) {
    this.#session = session;
    this.#listener = listener;
  }

  get isEmpty(): boolean {
    return this.#queue === undefined && !this.#wantsAck;
  }

  /** Whether a message waits, and not only an acknowledgement. */
  get hasMessage(): boolean {
    return this.#queue !== undefined;
  }

  /** Client: whether the Hello waits for who is to say it. */
  get awaitsCredentials(): boolean {
    return this.#hello !== undefined;
  }

  push(message: ControlMessage): void {
    const { $case } = message;
    if (lastCounts.has($case)) this.#queue = this.#queue?.filter((queued) => queued.$case !== $case);
    this.#add(message);
  }

  /** An acknowledgement, alone unless something goes before it and takes it along; without anything to acknowledge an empty frame. */
  ack(): void {
    this.#wantsAck = true;
  }

  /** A frame takes it along. */
  acked(): void {
    this.#wantsAck = false;
  }

  /** A Goodbye that says this much and leaves the rest empty. */
  goodbye(said: Partial<Goodbye>): void {
    this.#add({ $case: 'goodbye', value: { ...silentGoodbye, ...said } });
  }

  // ------------------------------------------------------------ application

  /** Lets the peer send more items of a stream. Totals are absolute, so a later one replaces an earlier one. */
  grant(grant: Grant): void {
    if (!this.#session.isJoined) return;
    const last = this.#queue?.at(-1);
    // What is granted in one turn goes as one message.
    if (last?.$case === 'credit') last.value.grants.push(grant);
    else this.push({ $case: 'credit', value: { grants: [grant] } });
    this.#listener.wake();
  }

  /** Asks the peer to acknowledge now what it would acknowledge later. */
  wantAcknowledgement(): void {
    if (!this.#session.isJoined) return;
    this.push({ $case: 'ping', value: { id: 1 } });
    this.#listener.wake();
  }

  /** Service: the client is to say anew who it is. One that does not know how ignores it. */
  wantCredentials(withinMs: number): void {
    if (!this.#session.isJoined) return;
    this.push({ $case: 'credentialsWanted', value: { withinMs } });
    this.#listener.wake();
  }

  /** Client: who it is, in the Hello if that waits for it, else in the open session. */
  show(credentials?: Credentials): void {
    if (this.#hello !== undefined) this.push({ $case: 'hello', value: this.#hello(credentials) });
    else if (credentials !== undefined && this.#session.isJoined)
      this.push({ $case: 'credentials', value: credentials });
    this.#hello = undefined;
    this.#listener.wake();
  }

  // ---------------------------------------------------------------- session

  /** A new carrier: `hello` makes the first words on it. If credentials go into them, they wait for `show`. */
  greet(hello: (credentials: Credentials | undefined) => Hello, showsCredentials: boolean): void {
    this.#hello = hello;
    if (showsCredentials) this.#listener.credentialsWanted();
    else this.show();
  }

  clear(): void {
    this.#queue = undefined;
    this.#hello = undefined;
    this.#wantsAck = false;
  }

  /** Takes one of the peer's that changes nothing of where the session stands; those that it does not know it ignores. */
  take(message: ControlMessage | undefined, receipts: { hurry(now: number): void }, now: number): void {
    switch (message?.$case) {
      case 'ping':
        receipts.hurry(now);
        return this.push({ $case: 'pong', value: message.value });
      case 'credit':
        for (const grant of message.value.grants) this.#listener.credit(grant);
        return;
      case 'credentials':
        return this.#listener.credentials(message.value);
      case 'credentialsWanted':
        return this.#listener.credentialsWanted();
    }
  }

  /** Takes the next one out; undefined for an acknowledgement alone. */
  next(): ControlMessage | undefined {
    const next = this.#queue?.shift();
    if (this.#queue?.length === 0) this.#queue = undefined;
    this.acked();
    return next;
  }

  #add(message: ControlMessage): void {
    this.#queue ??= [];
    this.#queue.push(message);
  }
}
