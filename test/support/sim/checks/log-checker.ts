import type { Goodbye, Welcome } from '../../../../src/gen/duplex/v1/session.js';
import { controlOf, decodeEnvelope, type Envelope, itemsOf } from '../../envelope.js';
import type { Entry, HistorySettings } from './history.js';
import { type Greeting, LogFrames } from './log-frames.js';
import { type LoggedItem, LogLine } from './log-line.js';
import { LogTimes } from './log-times.js';

const OPENED = 1;
const RESUMED = 2;

interface LoggedSession {
  readonly key: string;
  /** The program that serves it. */
  readonly who: string;
  readonly up: LogLine;
  readonly down: LogLine;
  /** The stream that carries it, for each side. */
  upStream: number;
  downStream: number;
  attempt: number;
  epoch: number;
  readonly tokens: { newest: string; confirmed: string };
}

interface LoggedStream {
  readonly id: number;
  session: LoggedSession | undefined;
}

/** What can become of an item that goes with a Hello, and where items go with a Welcome. */
export const allSituations = [
  'first item taken',
  'first item ignored, sent again',
  'first item refused',
  'first item lost',
  'first item lost, and it ran',
  'first item reached nobody',
  'items with a Welcome that opens',
  'items with a Welcome that resumes',
  'a Welcome to who takes no items with it',
] as const;

export type Situation = (typeof allSituations)[number];

/**
 * Checker B: reads the log of a run, and nothing else, and holds it to
 * PROTOCOL.md. It shares no code with the engine, and none with checker A.
 */
export class LogChecker {
  readonly complaints: { readonly t: number; readonly rule: string; readonly message: string }[] = [];
  #t = 0;
  #settings: HistorySettings | undefined;
  readonly #sessions = new Map<string, LoggedSession>();
  readonly #programs = new Map<string, string>();
  readonly #streams = new Map<number, LoggedStream>();
  readonly #begun = new Map<string, { readonly who: string; readonly order: number; readonly t: number }>();
  readonly #calls = new Map<string, 'open' | 'settled'>();
  /** Calls that may have read some of their requests: something has become of them, wherever those are. */
  readonly #consuming = new Set<string>();
  /** Clients and sessions of the service that are over. */
  readonly #over = new Map<string, Extract<Entry, { what: 'over' }>>();
  /** Which way a call went. */
  readonly #lineOf = new Map<string, LogLine>();
  /** Whether nothing has gone wrong yet. */
  #isCalm = true;
  /** Which session a client's items went over. */
  readonly #sessionOf = new Map<string, LoggedSession>();
  /** Streams for which nobody was there, and clients that somebody was there for. */
  readonly #inVain = new Set<number>();
  readonly #reached = new Set<string>();
  readonly #frames: LogFrames;
  /** What was seen, and how often: a campaign has to visit all of it. */
  readonly situations = new Map<Situation, number>();

  constructor() {
    this.#frames = new LogFrames(this.#complain);
  }

  /** Reads the whole log. */
  check(entries: readonly Entry[]): void {
    const times = new LogTimes(this.#complain);
    for (const entry of entries) {
      this.#t = entry.t;
      this.#read(entry);
      times.read(entry);
    }
    for (const session of this.#sessions.values()) {
      this.#checkOrder(session.up);
      this.#checkOrder(session.down);
    }
    for (const [who, end] of this.#over) this.#checkEnd(who, end);
    for (const greeting of this.#frames.greetings) this.#checkFirstItem(greeting);
    for (const [id, state] of this.#calls) {
      if (state === 'open' && this.#over.has(ownerOf(id))) this.#complain('settles', `${id} never settled`);
    }
  }

  readonly #complain = (rule: string, message: string): void => {
    this.complaints.push({ t: this.#t, rule: `log: ${rule}`, message });
  };

  #read(entry: Entry): void {
    if (entry.what === 'fault') this.#isCalm = false;
    else if (entry.what === 'settings') this.#set(entry.settings);
    else if (entry.what === 'dial') this.#dial(entry);
    else if (entry.what === 'session') this.#programs.set(entry.id, entry.who);
    else if (entry.what === 'write') this.#readFrame(entry, 'write');
    else if (entry.what === 'frame') this.#readFrame(entry, 'read');
    else if (entry.what === 'call') this.#call(entry);
    else if (entry.what === 'settled') this.#settle(entry);
    else if (entry.what === 'begun') this.#begin(entry.who, entry.id);
    else if (entry.what === 'over') {
      if (this.#over.has(entry.who)) this.#complain('once', `${entry.who} was over twice`);
      this.#over.set(entry.who, entry);
    }
  }

  #set(settings: HistorySettings): void {
    this.#settings = settings;
    this.#frames.repeatsHello = settings.retryOpen;
  }

  #dial({ who, stream, inVain }: Extract<Entry, { what: 'dial' }>): void {
    if (inVain) this.#inVain.add(stream);
    else this.#reached.add(who);
  }

  #call({ id, method, forgotten }: Extract<Entry, { what: 'call' }>): void {
    if (!forgotten) this.#calls.set(id, 'open');
    if (method === 'requests' || method === 'both') this.#consuming.add(id);
  }

  #settle({ who, id, outcome }: Extract<Entry, { what: 'settled' }>): void {
    if (this.#calls.get(id) === 'settled') this.#complain('settles', `${id} settled twice`);
    this.#calls.set(id, 'settled');
    if (!who.startsWith('c') || this.#sessionOf.has(who) || this.#consuming.has(id)) return;
    if (!outcome.endsWith(' maybe')) return;
    // Who gives a call up meanwhile cannot know.
    const [kind] = outcome.split(' ');
    if (kind === 'refused') this.#complain('fate', `${id} may have run, though its client was turned away`);
    if (kind === 'unavailable' && !this.#reached.has(who))
      this.#complain('fate', `${id} may have run, though nobody was reached`);
  }

  #begin(who: string, id: string): void {
    const line = this.#lineOf.get(id);
    line?.owe(this.#t);
    if (line !== undefined && !line.hasRead(id))
      this.#complain('fence', `${id} began, but no living stream brought it`);
    if (this.#begun.has(id)) this.#complain('once', `${id} began twice`);
    if (this.#over.has(who)) this.#complain('once', `${id} began after ${who} was over`);
    this.#begun.set(id, { who, order: this.#begun.size, t: this.#t });
  }

  // ---------------------------------------------------------------- frames

  #readFrame({ who, stream: id, frame }: Extract<Entry, { what: 'write' | 'frame' }>, how: 'write' | 'read'): void {
    const stream = this.#stream(id);
    const envelope = decodeEnvelope(frame);
    const control = controlOf(envelope);
    const isServer = who.startsWith('S');
    if (this.#settings?.level !== 'plain') this.#frames[how](who, id, envelope);
    if (how === 'write' && control?.$case === 'welcome') this.#welcome(stream, control.value, envelope);
    const { session } = stream;
    if (session === undefined) return;
    if (!isServer && !who.startsWith('ghost')) this.#sessionOf.set(who, session);
    if (isServer && how === 'read') this.#confirm(session, stream);
    if (!isServer && how === 'read' && control?.$case === 'welcome') {
      session.upStream = id;
      session.up.rewind(control.value.marks?.received ?? envelope.ack ?? 0);
    }
    const [out, into] = isServer ? [session.down, session.up] : [session.up, session.down];
    if (how === 'write') {
      const goodbye = control?.$case === 'goodbye' ? control.value : undefined;
      this.#write(session, stream, isServer, envelope, goodbye, [out, into]);
    } else if (id === (isServer ? session.downStream : session.upStream)) {
      out.hear(envelope);
      const items = numberedIn(envelope);
      if (items.length > 0) into.take(envelope.seq ?? 0, items.length, this.#t);
    }
  }

  #write(
    session: LoggedSession,
    stream: LoggedStream,
    isServer: boolean,
    envelope: Envelope,
    goodbye: Goodbye | undefined,
    [out, into]: readonly [LogLine, LogLine],
  ): void {
    const current = isServer ? session.downStream : session.upStream;
    if (stream.id !== current && stream.session?.upStream !== -1) {
      this.#complain('fence', `${session.who} is served on stream ${stream.id} after ${current} took over`);
    }
    into.say(envelope, this.#t, this.#isCalm);
    if (goodbye?.lastSeq !== undefined) out.promised ??= goodbye.lastSeq;
    const items = numberedIn(envelope);
    if (items.length > 0) this.#writeItems(session.who, out, envelope.seq ?? 0, items);
  }

  #writeItems(who: string, line: LogLine, seq: number, items: readonly Envelope[]): void {
    const logged = items.map(loggedItem);
    line.write(seq, logged);
    for (const { id } of logged) if (id !== undefined) this.#lineOf.set(id, line);
    this.#checkWindow(who, line, items.length);
  }

  #checkWindow(who: string, line: LogLine, inFrame: number): void {
    if (this.#settings === undefined) return;
    const { windowItems, windowBytes, frameItems } = this.#settings;
    const { items, bytes } = line.open;
    if (items > windowItems) this.#complain('window', `${who}: ${items} items are open`);
    if (bytes > windowBytes && items > 1) this.#complain('window', `${who}: ${bytes} bytes are open`);
    if (inFrame > frameItems) this.#complain('frame', `${who}: a frame of ${inFrame} items`);
  }

  // ---------------------------------------------------------------- handshakes

  /** The service lets a stream in. */
  #welcome(stream: LoggedStream, { result, sessionId, token, epoch }: Welcome, envelope: Envelope): void {
    if (result !== OPENED && result !== RESUMED) return;
    const hello = this.#frames.said(stream.id)?.hello;
    const key = hex(sessionId);
    if (hello === undefined) return this.#complain('welcome', `stream ${stream.id} is welcomed without a Hello`);
    const session = this.#sessions.get(key) ?? this.#newSession(key);
    stream.session = session;
    if (hello.attempt <= session.attempt) {
      this.#complain('attempt', `attempt ${hello.attempt} of ${session.who} is let in after ${session.attempt}`);
    }
    if (epoch <= session.epoch) this.#complain('epoch', `epoch ${epoch} of ${session.who} after ${session.epoch}`);
    const { tokens } = session;
    const shown = hex(hello.token);
    if (result === RESUMED && shown !== tokens.newest && shown !== tokens.confirmed) {
      this.#complain('token', `${session.who} is resumed by a token that is no longer valid`);
    }
    // Whoever shows a token has it, even if what was to confirm it got lost.
    if (shown === tokens.newest) tokens.confirmed = tokens.newest;
    session.attempt = hello.attempt;
    session.epoch = epoch;
    tokens.newest = hex(token);
    session.downStream = stream.id;
    session.down.rewind(result === RESUMED ? (hello.marks?.received ?? 0) : 0);
    this.#takeFirstItem(session, stream, envelope.ack ?? 0);
    this.#noteWelcome(stream, result, envelope);
  }

  /** What went with the Hello counts as written by the client now, and as read if the service says so. */
  #takeFirstItem(session: LoggedSession, { id: stream }: LoggedStream, ack: number): void {
    const item = this.#frames.said(stream)?.item;
    if (item === undefined) return;
    this.#writeItems(session.who, session.up, 1, [item]);
    if (ack > 0 && this.#frames.heard(stream)?.item !== undefined) session.up.take(1, 1, this.#t);
    const { id = '' } = loggedItem(item);
    const begunAt = this.#begun.get(id)?.t ?? this.#t;
    if (begunAt < this.#t) this.#complain('welcome', `${id} began before its client was let in`);
  }

  #noteWelcome({ id }: LoggedStream, result: Welcome['result'], { more }: Envelope): void {
    if (more !== undefined) this.#note(`items with a Welcome that ${result === OPENED ? 'opens' : 'resumes'}`);
    else if (this.#frames.heard(id)?.hello.features.length === 0) this.#note('a Welcome to who takes no items with it');
  }

  #note(situation: Situation): void {
    this.situations.set(situation, (this.situations.get(situation) ?? 0) + 1);
  }

  #newSession(key: string): LoggedSession {
    const who = this.#programs.get(key) ?? key;
    const session: LoggedSession = {
      key,
      who,
      up: new LogLine(`${who} up`, this.#complain),
      down: new LogLine(`${who} down`, this.#complain),
      upStream: -1,
      downStream: -1,
      attempt: 0,
      epoch: 0,
      tokens: { newest: '', confirmed: '' },
    };
    this.#sessions.set(key, session);
    return session;
  }

  /** The client said something over the stream of the newest Welcome: so it has the token in it. */
  #confirm(session: LoggedSession, stream: LoggedStream): void {
    if (session.downStream === stream.id) session.tokens.confirmed = session.tokens.newest;
  }

  #stream(id: number): LoggedStream {
    const known = this.#streams.get(id);
    if (known !== undefined) return known;
    const stream: LoggedStream = { id, session: undefined };
    this.#streams.set(id, stream);
    return stream;
  }

  // ---------------------------------------------------------------- the whole

  /** What began did so in the order of its numbers. */
  #checkOrder(line: LogLine): void {
    let last = -1;
    for (let number = 1; number <= line.written; number++) {
      const { id, isNested } = line.items.get(number) ?? {};
      const begun = id === undefined ? undefined : this.#begun.get(id);
      if (begun === undefined || isNested) continue;
      if (begun.order < last) this.#complain('order', `${id} began before what was sent earlier`);
      if (number > line.read) this.#complain('order', `${id} began, but was never read`);
      last = begun.order;
    }
  }

  /** What went with a Hello ran only for a client that was let in, and who knows nothing of that says so. */
  #checkFirstItem({ who, stream, item }: Greeting): void {
    if (item === undefined) return;
    const { id = '' } = loggedItem(item);
    const hasRun = this.#begun.has(id);
    const end = this.#over.get(who);
    if (hasRun && !this.#lineOf.has(id)) this.#complain('welcome', `${id} began, but its client was never let in`);
    const held = this.#frames.heldAtWelcome(stream);
    if (held !== undefined) this.#note(held > 0 ? 'first item taken' : 'first item ignored, sent again');
    else if (end?.kind === 'refused') this.#note('first item refused');
    else if (this.#inVain.has(stream)) this.#note('first item reached nobody');
    else this.#note(hasRun ? 'first item lost, and it ran' : 'first item lost');
    if (held === undefined && hasRun && end?.unknownItems === 0 && end.kind !== 'aborted')
      this.#complain('unknown', `${who} takes it that ${id} did not run, but it did`);
  }

  /** What is not reported as unknown has run. */
  #checkEnd(who: string, { kind, code, unknownItems }: Extract<Entry, { what: 'over' }>): void {
    if (kind === 'aborted') return;
    const isService = who.startsWith('S');
    const session = isService ? [...this.#sessions.values()].find((one) => one.who === who) : this.#sessionOf.get(who);
    if (session === undefined) return;
    const line = isService ? session.down : session.up;
    const known = line.written - unknownItems;
    if (kind === 'closed' && code === 0) {
      // What comes after the promise starts nothing: a cancel of a call that is over may get lost with the stream.
      if (line.read < Math.min(line.written, line.promised ?? line.written))
        this.#complain('close', `${who} closed, but ${line.read} of ${line.written} arrived`);
    } else if (known > line.heardReleased) {
      this.#complain('unknown', `${who} knows the fate of ${known} items, but heard of ${line.heardReleased}`);
    }
    for (let number = 1; number <= known; number++) {
      const { id, callId = 0, isNested } = line.items.get(number) ?? {};
      // Nested calls are not counted: the caller of each one is told by itself.
      if (id === undefined || isNested || this.#begun.has(id) || isCancelled(line, callId)) continue;
      this.#complain('unknown', `${who} takes it that ${id} ran, but it did not`);
    }
  }
}

/** The items of a frame that have numbers: with a control they are all further ones. */
function numberedIn(envelope: Envelope): readonly Envelope[] {
  return controlOf(envelope) === undefined ? itemsOf(envelope) : (envelope.more ?? []);
}

function isCancelled(line: LogLine, callId: number): boolean {
  if (callId === 0) return false;
  for (const item of line.items.values()) if (item.number === 19 && item.callId === callId) return true;
  return false;
}

/** Requests name their call as JSON in one of their texts. */
function loggedItem({ callId = 0, replyTo = 0, context, content }: Envelope): LoggedItem {
  const { number = 0, bytes = new Uint8Array(0) } = content ?? {};
  const isRequest = number >= 100 && replyTo === 0;
  const text = isRequest ? Buffer.from(bytes).toString('latin1') : '';
  return {
    number,
    callId,
    replyTo,
    bytes,
    id: /"id":"([^"]+)"/.exec(text)?.[1],
    isNested: callId !== 0 && (context?.parentCall ?? 0) !== 0,
  };
}

function ownerOf(id: string): string {
  return id.slice(0, id.indexOf(':'));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
