import { Code, DuplexError } from '../../../../src/errors.js';
import type { History } from '../checks/history.js';
import type { Ledger, Report } from '../checks/ledger.js';
import type { Extra } from '../plan.js';
import type { Process, World } from '../world/world.js';

/** So long a cancel may take without any fault. */
const CANCEL_MS = 1_000;

/** What a request says to its handler, as JSON in one of its texts. */
export interface Errand {
  /** Caller and number, e.g. `c0:5`. */
  readonly id: string;
  readonly slow?: number;
  readonly back?: number;
  readonly state?: boolean;
}

export function asText(id: string, { slow, back, state }: Extra): string {
  return JSON.stringify({ id, slow, back, state } satisfies { [Key in keyof Errand]: Errand[Key] | undefined });
}

export function errandIn(text: string): Errand {
  return JSON.parse(text) as Errand;
}

/** Who called, and the number of the call. */
export function partsOf(id: string): { readonly caller: string; readonly number: number } {
  const [caller = '', number = ''] = id.split(':');
  return { caller, number: Number(number) };
}

/** A division has no text, so its number says who divides. */
export function dividendOf(id: string): number {
  const { caller, number } = partsOf(id);
  return Number(caller.slice(1)) * 100_000 + number;
}

export function callerOfDividend(dividend: number): string {
  return `c${Math.floor(dividend / 100_000)}:${dividend % 100_000}`;
}

/** Bytes that tell whose they are. */
export function payloadOf(number: number, size: number): Uint8Array {
  return new Uint8Array(size).fill(number % 251);
}

export function isPayloadOf(number: number, payload: Uint8Array): boolean {
  for (let i = 0; i < payload.length; i += 97) if (payload[i] !== number % 251) return false;
  return true;
}

/** What both sides' programs share: the world, the log, and how a call is followed to its end. */
export interface Surroundings {
  readonly world: World;
  readonly history: History;
  readonly report: Report;
  /** Whether nothing that is sent has to wait long: nothing goes wrong, windows are wide and frames large. */
  readonly isPrompt: boolean;
  /** Whether what was sent before a session closed in order has arrived: a plain session has no numbers. */
  readonly isReliable: boolean;
  /** Whether a service knows what has arrived when a session closes: a plain one only knows what it sent. */
  readonly isAcknowledged: boolean;
  /** Whether the windows are so wide that every call can be sent at once. */
  readonly mayForget: boolean;
}

/** Waits on the time of a process; never comes back if the process dies. Ends early when `signal` says so. */
export function sleep(world: World, process: Process, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = world.schedule(process, world.now + ms, 'timer', resolve);
    signal?.addEventListener('abort', () => {
      timer.cancel();
      resolve();
    });
  });
}

/** A caller: makes calls, and holds them to what their outcome says. */
export class Caller {
  /** Calls that have not settled. */
  readonly open = new Set<string>();
  readonly #givenUpAt = new Map<string, number>();
  readonly #name: string;
  readonly #surroundings: Surroundings;
  /** Whether the session is over or closing, so that calls may fail with its end. */
  readonly #mayFail: () => boolean;

  constructor(name: string, surroundings: Surroundings, mayFail: () => boolean) {
    this.#name = name;
    this.#surroundings = surroundings;
    this.#mayFail = mayFail;
  }

  /** Whether the caller gave a call up so long ago that the other side should know. */
  hasLongGivenUp(id: string): boolean {
    const { world, isPrompt } = this.#surroundings;
    const givenUpAt = this.#givenUpAt.get(id);
    return isPrompt && givenUpAt !== undefined && world.now - givenUpAt > CANCEL_MS;
  }

  /** Makes a call and leaves it alone: whether it could be sent nobody knows. */
  forget(ledger: Ledger, number: number, method: string, call: () => unknown): void {
    const id = `${this.#name}:${number}`;
    this.#surroundings.history.add({ what: 'call', who: this.#name, id, method, forgotten: true });
    if (this.#mayFail()) ledger.withdraw(number);
    call();
  }

  /** Follows a call. `check` looks at what it resolves with. Resolves when it settled, in whatever way. */
  follow<Reply>(
    ledger: Ledger,
    number: number,
    method: string,
    call: () => PromiseLike<Reply>,
    check: (reply: Reply) => void,
    extra: Extra = {},
  ): Promise<void> {
    const { history, report, world } = this.#surroundings;
    const id = `${this.#name}:${number}`;
    const start = world.now;
    history.add({ what: 'call', who: this.#name, id, method, forgotten: false });
    this.open.add(id);
    const settled = (outcome: string): void => {
      if (!this.open.delete(id)) report('settles', `${id} settled twice`);
      history.add({ what: 'settled', who: this.#name, id, outcome });
    };
    return Promise.resolve(call()).then(
      (reply) => {
        settled('done');
        check(reply);
      },
      (error: unknown) => {
        if (error instanceof DuplexError) {
          settled(`${error.kind} ${error.code} ${error.executed}`);
          this.#judge(ledger, number, method, error, { ...extra, elapsed: world.now - start });
        } else {
          settled('failed');
          report('typed', `${id} failed with ${error instanceof Error ? error.stack : String(error)}`);
        }
      },
    );
  }

  #judge(
    ledger: Ledger,
    number: number,
    method: string,
    error: DuplexError,
    { timeout, cancel, elapsed }: Extra & { readonly elapsed: number },
  ): void {
    const { report, world } = this.#surroundings;
    const { kind, code, executed, message } = error;
    const id = `${this.#name}:${number}`;
    if (executed === 'no') ledger.refuse(number);
    else if (executed === 'maybe') ledger.withdraw(number);
    else if (!ledger.hasBegun(number)) report('truth', `${id} failed as if it had run, but it did not: ${message}`);
    const isExpected =
      // A nested call has the time of the call that it serves.
      (kind === 'timeout' && ((timeout !== undefined && elapsed >= timeout) || ledger.isNested(number))) ||
      (kind === 'cancelled' && cancel !== undefined && elapsed >= cancel) ||
      (kind === 'fault' && (code === Code.RESOURCE_EXHAUSTED || method === 'divide'));
    if (kind === 'timeout' || kind === 'cancelled') this.#givenUpAt.set(id, world.now);
    if (isExpected) return;
    // The session says that it is over a moment after its calls do.
    world.schedule(undefined, world.now, 'io', () => {
      if (!this.#mayFail()) report('outcome', `${id} failed for no reason: ${kind}: ${message}`);
    });
  }
}
