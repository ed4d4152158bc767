import { Code } from '../errors.js';
import type { Hello } from '../gen/duplex/v1/session.js';
import { ackFrame } from '../wire/batch.js';
import { type ControlMessage, controlFrame } from '../wire/control.js';
import type { Controls } from './controls.js';
import { WELCOME_ITEMS } from './handshake.js';
import type { Acknowledgement, Receipts } from './receiving/receipts.js';
import type { Sender } from './sending/sender.js';
import type { SessionEnd } from './session-end.js';
import type { StateName } from './states.js';

/** What a session knows of its carrier. */
export interface Reach {
  /** Whether nothing that was written can have arrived. */
  readonly hasReachedNobody: boolean;
}

/** Of a carrier that says nothing of it. */
const unknown: Reach = Object.freeze({ hasReachedNobody: false });

const nothing: Acknowledgement = Object.freeze({ ack: 0, backlog: 0 });

/**
 * What a session's next frame holds: items, or a control, with items if it is a
 * Hello or a Welcome. A client that says Hello only once sends its first item
 * along: an empty window takes one, whatever the service's terms are.
 * Source: PROTOCOL.md, sections 2 and 6.
 */
export class Framing {
  /** Client: where the Hello that opens went; until it is let in, for a carrier that broke must not be kept. */
  reach: Reach = unknown;
  /** Service: the client takes items with the Welcome, as its last Hello says. */
  #takesItems = false;
  readonly #mayRepeat: boolean;
  readonly #controls: Controls;
  readonly #sender: Sender;

  /** `mayRepeat`: a Hello that opens may be said again, perhaps to another process. */
  constructor(mayRepeat: boolean, controls: Controls, sender: Sender) {
    this.#mayRepeat = mayRepeat;
    this.#controls = controls;
    this.#sender = sender;
  }

  /** Service: what a client can do beyond the version it says with each Hello. */
  heed({ features }: Hello): void {
    this.#takesItems = features.includes(WELCOME_ITEMS);
  }

  /** The next items; without `receipts`, at the plain level, it is one and acknowledges nothing. */
  items(receipts: Receipts | undefined, now: number): Uint8Array {
    this.#controls.acked();
    return this.#sender.nextFrame(now, receipts);
  }

  /** The next control, or an acknowledgement alone; without `receipts`, before the session is open, it acknowledges nothing. */
  control(receipts: Receipts | undefined, state: StateName, now: number): Uint8Array {
    // One rides on every control but Hello, whose marks say the same.
    const said = receipts?.say() ?? nothing;
    const control = this.#controls.next();
    if (control === undefined) return ackFrame({ seq: 0, ...said });
    const { outbox } = this.#sender;
    const items = outbox.countBehind(this.#mostWith(control, state));
    if (items === 0) return controlFrame(control, { seq: 0, ...said });
    return this.#sender.frameBehind(controlFrame(control, { seq: outbox.framed + 1, ...said }), items, now);
  }

  /** None of a session that is over: its items have been said not to go. */
  #mostWith({ $case }: ControlMessage, state: StateName): number {
    if ($case === 'hello') return state === 'opening' && !this.#mayRepeat ? 1 : 0;
    return $case === 'welcome' && state === 'open' && this.#takesItems ? Number.POSITIVE_INFINITY : 0;
  }

  /** Client: it is let in. A service that knows nothing of items with a Hello did not take them, nor acknowledge them. */
  welcomed(): void {
    this.reach = unknown;
    if (this.#sender.outbox.acked === 0) this.takeBack();
  }

  /** Client: nothing that went with the Hello was taken: the service says so, or has refused the client. */
  takeBack(): void {
    this.#sender.outbox.takeBackFramed();
  }

  /**
   * Client: the session ends before it is let in. Where nobody was reached, or
   * nobody is known to whom it could open, nothing was taken. Other statuses
   * say nothing of that: some a proxy makes, or grpc-js for a reset.
   */
  endedUnopened({ code }: SessionEnd): void {
    const isRefusal = code === Code.UNAUTHENTICATED || code === Code.UNIMPLEMENTED;
    if (isRefusal || this.reach.hasReachedNobody) this.takeBack();
  }
}
