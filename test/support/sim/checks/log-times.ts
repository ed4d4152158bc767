import type { Entry, HistorySettings } from './history.js';
import type { Complain } from './log-line.js';

/** A dead stream is given up at the latest so long after the time that the settings allow. */
const SLACK_MS = 300;
/** So long the last words of a session that is over may take. */
const LINGER_MS = 5_000;
/** How long a client may take to open its session. */
const OPEN_MS = 10_000;
/** More attempts to connect than this, in this time, are a storm. */
const STORM_DIALS = 40;
const STORM_MS = 10_000;
/** Ends of streams that no program holds. */
const NOBODY = new Set(['nowhere', 'ghost']);

/** Checker B's clock: who has not heard of whom for how long, and who dials too often. */
export class LogTimes {
  #settings: HistorySettings | undefined;
  /** When each end of a stream heard something last, by `who stream`. */
  readonly #heardAt = new Map<string, number>();
  /** Ends that were left; who half-closed may still hear something. */
  readonly #left = new Set<string>();
  readonly #opened = new Set<string>();
  readonly #over = new Set<string>();
  /** Since when a client's session has no connection. */
  readonly #cutAt = new Map<string, number>();
  /** A process that stood still asks once more before it gives up. */
  readonly #awakeAt = new Map<string, number>();
  readonly #dials = new Map<string, number[]>();
  readonly #complain: Complain;

  constructor(complain: Complain) {
    this.#complain = complain;
  }

  read(entry: Entry): void {
    if (entry.what === 'settings') this.#settings = entry.settings;
    else if (entry.what === 'dial') this.#dial(entry.who, entry.stream, entry.t);
    else if (entry.what === 'frame' && !NOBODY.has(entry.who))
      this.#heardAt.set(`${entry.who} ${entry.stream}`, entry.t);
    else if (entry.what === 'stalled') this.#awakeAt.set(entry.who, entry.until);
    else if (entry.what === 'status' && entry.status === 'opened') this.#opened.add(entry.who);
    else if (entry.what === 'move') this.#observe(entry);
    else if (entry.what === 'over') this.#end(entry);
    else if (entry.what === 'depart' || entry.what === 'told') this.#leave(entry.who, entry.stream, entry.t);
  }

  #observe({ who, from, to, t }: Extract<Entry, { what: 'move' }>): void {
    if (from === 'open' && to === 'resuming') this.#cutAt.set(who, t);
    else if (to === 'open') this.#cutAt.delete(who);
  }

  /** A client gives a session up only after it has tried for as long as it may. */
  #end({ who, message, t }: Extract<Entry, { what: 'over' }>): void {
    this.#over.add(who);
    if (!who.startsWith('c') || !message.includes('did not come back')) return;
    const tried = t - (this.#cutAt.get(who) ?? t);
    const { resumeWindowMs = 0 } = this.#settings ?? {};
    if (tried + 1 < resumeWindowMs) this.#complain('window', `${who} gives up after ${tried} ms without a connection`);
  }

  #dial(who: string, stream: number, t: number): void {
    this.#heardAt.set(`${who} ${stream}`, t);
    const dials = [...(this.#dials.get(who) ?? []), t].filter((at) => at > t - STORM_MS);
    this.#dials.set(who, dials);
    if (dials.length === STORM_DIALS) this.#complain('storm', `${who} dials ${dials.length} times in ${STORM_MS} ms`);
  }

  #leave(who: string, stream: number, t: number): void {
    const key = `${who} ${stream}`;
    const heardAt = this.#heardAt.get(key);
    const hasLeft = this.#left.has(key);
    this.#left.add(key);
    // Whoever is over gives its last words some time.
    if (heardAt === undefined || hasLeft || this.#settings === undefined || this.#over.has(who)) return;
    const { level, pingMs, pingTimeoutMs } = this.#settings;
    if (level === 'plain') return;
    const awakeAt = this.#awakeAt.get(who);
    const since = awakeAt === undefined ? heardAt : Math.max(heardAt, awakeAt + pingTimeoutMs);
    const patience = who.startsWith('c') && !this.#opened.has(who) ? OPEN_MS : 0;
    // Of a process of the service the log does not say which stream was that of a session that is over.
    const lingers = who.startsWith('S') ? LINGER_MS : 0;
    if (t - since > Math.max(pingMs + pingTimeoutMs, patience) + lingers + SLACK_MS) {
      this.#complain('liveness', `${who} heard nothing on stream ${stream} since ${heardAt.toFixed(1)}`);
    }
  }
}
