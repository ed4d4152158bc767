import type { Hello, Welcome } from '../../../../src/gen/duplex/v1/session.js';
import { controlOf, type Envelope, encodeEnvelope } from '../../envelope.js';
import type { Complain } from './log-line.js';

/** An item that goes with a Hello is no larger. */
const MAX_FIRST_BYTES = 16 * 1024;
/** A client that says this takes items with its Welcome. */
const WELCOME_ITEMS = 'welcome-items';
const OPENED = 1;
const REJECTED = 4;
const CONTROL = 16;

/** A Hello, and the item that went with it. */
export interface Greeting {
  readonly who: string;
  readonly stream: number;
  readonly hello: Hello;
  readonly item: Envelope | undefined;
}

/**
 * Checker B's view of single frames: what may be in one, what has to come
 * first on a stream, and what may go with a Hello and a Welcome. Source:
 * PROTOCOL.md, sections 2 and 6.
 */
export class LogFrames {
  /** Whether clients say the Hello that opens a session again if nobody answers. */
  repeatsHello = false;
  /** What clients wrote and services read first, by stream. */
  readonly #said = new Map<number, Greeting>();
  readonly #heard = new Map<number, Greeting>();
  readonly #answered = new Set<number>();
  /** What clients read as the answer, by stream: how many of their items the service has. */
  readonly #letIn = new Map<number, number>();
  /** Hellos that open a session, by client and nonce: whether an item went with the first. */
  readonly #openings = new Map<string, boolean>();
  readonly #complain: Complain;

  constructor(complain: Complain) {
    this.#complain = complain;
  }

  /** What clients said first, on all streams. */
  get greetings(): Iterable<Greeting> {
    return this.#said.values();
  }

  /** What the client of a stream said first. */
  said(stream: number): Greeting | undefined {
    return this.#said.get(stream);
  }

  /** The same as the service read it: an older one does not see all of it. */
  heard(stream: number): Greeting | undefined {
    return this.#heard.get(stream);
  }

  /** How many items the service had, as the Welcome said that the client read; undefined if it read none. */
  heldAtWelcome(stream: number): number | undefined {
    return this.#letIn.get(stream);
  }

  write(who: string, stream: number, envelope: Envelope): void {
    const control = controlOf(envelope);
    const isService = who.startsWith('S');
    this.#checkShape(who, envelope);
    if (control?.$case === 'hello') {
      if (isService) this.#complain('hello', `${who} says Hello`);
      this.#writeHello(greetingOf(who, stream, control.value, envelope), envelope);
    } else if (control?.$case === 'welcome') {
      if (!isService) this.#complain('welcome', `${who} says Welcome`);
      this.#writeWelcome(stream, control.value, envelope);
    } else {
      if (!isService && !this.#letIn.has(stream))
        this.#complain('hello', `${who} says something else than Hello on stream ${stream} before its Welcome`);
      if (control !== undefined && (isNumbered(envelope) || envelope.more !== undefined))
        this.#complain('frame', `${who} numbers a control, or has items with it`);
    }
  }

  read(who: string, stream: number, envelope: Envelope): void {
    const control = controlOf(envelope);
    if (control?.$case === 'hello') this.#heard.set(stream, greetingOf(who, stream, control.value, envelope));
    if (control?.$case === 'welcome' && control.value.result !== REJECTED) this.#letIn.set(stream, envelope.ack ?? 0);
  }

  #checkShape(who: string, envelope: Envelope): void {
    const { content, more = [] } = envelope;
    if (content === undefined && isNumbered(envelope)) this.#complain('frame', `${who} numbers a frame without items`);
    for (const item of more) {
      const { seq, ack, backlog } = item;
      const isPlain = [seq, ack, backlog, item.more].every((field) => field === undefined);
      if (!isPlain) this.#complain('frame', `${who} has numbers, or further items, in a further item`);
      if (item.content === undefined) this.#complain('frame', `${who} has a further item without content`);
      if (item.content?.number === CONTROL) this.#complain('frame', `${who} has a control among further items`);
    }
  }

  #writeHello({ who, stream, hello, item }: Greeting, envelope: Envelope): void {
    const complain = (message: string): void => this.#complain('hello', `${who}, stream ${stream}: ${message}`);
    const { seq = 0, ack = 0, backlog = 0, more = [] } = envelope;
    const opens = hello.sessionId.length === 0;
    if (this.#said.has(stream)) complain('a second Hello');
    this.#said.set(stream, { who, stream, hello, item });
    if (ack > 0 || backlog > 0) complain('a Hello acknowledges');
    if (seq !== more.length) complain(`${more.length} items go with it from number ${seq} on`);
    if (item !== undefined) {
      if (more.length > 1) complain('more than one item goes with it');
      if (!opens) complain('an item goes with a Hello that resumes');
      if (this.repeatsHello) complain('an item goes with it though it will be said again');
      if (encodeEnvelope(item).length > MAX_FIRST_BYTES) complain('too large an item goes with it');
    }
    // A ghost is the network that says late what it was told.
    if (!opens || who === 'ghost') return;
    const opening = `${who} ${Buffer.from(hello.openNonce).toString('hex')}`;
    const before = this.#openings.get(opening);
    if (before === true || (before === false && item !== undefined))
      complain('an item went with it and it is said again');
    this.#openings.set(opening, before === true || item !== undefined);
  }

  #writeWelcome(stream: number, { result }: Welcome, envelope: Envelope): void {
    const complain = (message: string): void => this.#complain('welcome', `stream ${stream}: ${message}`);
    const heard = this.#heard.get(stream);
    if (this.#answered.has(stream)) complain('a second Welcome');
    this.#answered.add(stream);
    if (heard === undefined) complain('nobody has read a Hello');
    // An empty window takes one, and this service knows of it.
    if (result === OPENED && heard?.item !== undefined && envelope.ack !== 1)
      complain(`of the item that came with the Hello it acknowledges ${envelope.ack ?? 0}`);
    if (envelope.more === undefined) {
      if (isNumbered(envelope)) complain('a Welcome without items is numbered');
      return;
    }
    if (!isNumbered(envelope)) complain('the items that go with it have no numbers');
    if (result === REJECTED) complain('items go with a rejection');
    if (heard?.hello.features.includes(WELCOME_ITEMS) === false)
      complain('items go with it to a client that does not take them there');
  }
}

function greetingOf(who: string, stream: number, hello: Hello, { more }: Envelope): Greeting {
  return { who, stream, hello, item: more?.[0] };
}

function isNumbered({ seq = 0 }: Envelope): boolean {
  return seq > 0;
}
