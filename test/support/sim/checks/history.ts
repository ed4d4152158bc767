import { createHash } from 'node:crypto';

/**
 * What happened in one run, in order. Everything that a checker needs stands in
 * here and nowhere else. `who` is a client (`c0`), a session of a service
 * (`s3`), or a process of the service (`S1`).
 */
export type Happening =
  | { readonly what: 'fault'; readonly fault: string }
  | { readonly what: 'settings'; readonly settings: HistorySettings }
  | {
      readonly what: 'dial';
      readonly who: string;
      readonly stream: number;
      /** Whether nobody is there who would take it. */
      readonly inVain: boolean;
    }
  | { readonly what: 'write' | 'frame'; readonly who: string; readonly stream: number; readonly frame: Uint8Array }
  | { readonly what: 'depart' | 'told'; readonly who: string; readonly stream: number; readonly how: string }
  | { readonly what: 'stalled'; readonly who: string; readonly until: number }
  | { readonly what: 'move'; readonly who: string; readonly from: string; readonly input: string; readonly to: string }
  | { readonly what: 'session'; readonly who: string; readonly server: string; readonly id: string }
  | {
      readonly what: 'call';
      readonly who: string;
      readonly id: string;
      readonly method: string;
      /** Whether nobody looks at what becomes of it. */
      readonly forgotten: boolean;
    }
  | { readonly what: 'settled'; readonly who: string; readonly id: string; readonly outcome: string }
  | { readonly what: 'begun'; readonly who: string; readonly id: string }
  | { readonly what: 'state-set' | 'state-seen'; readonly who: string; readonly counter: number }
  | { readonly what: 'status'; readonly who: string; readonly status: string }
  | {
      readonly what: 'over';
      readonly who: string;
      readonly kind: string;
      readonly code: number;
      readonly message: string;
      readonly unknownItems: number;
    };

/** What the checkers have to know of the run. Times are milliseconds. */
export interface HistorySettings {
  readonly level: 'session' | 'plain';
  readonly pingMs: number;
  readonly pingTimeoutMs: number;
  readonly resumeWindowMs: number;
  readonly windowItems: number;
  readonly windowBytes: number;
  readonly frameItems: number;
  /** Whether clients go on trying to open a session. */
  readonly retryOpen: boolean;
}

/** A happening with the virtual time at which it happened, in milliseconds. */
export type Entry = Happening & { readonly t: number };

/** The log of one run. */
export class History {
  readonly entries: Entry[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(happening: Happening): void {
    this.entries.push({ ...happening, t: this.#now() });
  }

  /**
   * A fingerprint: two runs of one seed have the same. Session ids and tokens
   * are random on purpose, so of the frames only the lengths count.
   */
  get digest(): string {
    const hash = createHash('sha256');
    for (const entry of this.entries) hash.update(asLine(entry));
    return hash.digest('hex').slice(0, 16);
  }
}

function asLine(entry: Entry): string {
  return JSON.stringify(entry, (key, value: unknown) => {
    if (key === 'id' && entry.what === 'session') return undefined;
    return value instanceof Uint8Array ? value.length : value;
  });
}
