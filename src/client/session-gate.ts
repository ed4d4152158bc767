import { Code, DuplexError } from '../errors.js';
import { Alarm } from '../transport/alarm.js';
import type { Clock } from '../transport/clock.js';

/** So many calls may wait for a session. */
const MAX_WAITING = 1_024;
const NEVER = Number.POSITIVE_INFINITY;

/** Something that needs a session. */
export interface Entrant {
  /** Called when there is one, at once or later. */
  run(): void;
  /** Called instead if it will not be: cancelled, too late, too many, or no session any more. */
  fail(error: DuplexError): void;
  /** What its errors call it. */
  readonly name?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** When it gives up, on the clock's time, and after how long that is. */
  readonly deadline?: number;
  readonly timeoutMs?: number;
}

/** Where calls wait until a session is ready for them, first come first served. */
export class SessionGate {
  #waiting = new Set<Entrant>();
  #isOpen = false;
  #refusal: DuplexError | undefined;
  #isOver = false;
  readonly #clock: Clock;
  readonly #obstacle: () => string | undefined;
  readonly #alarm: Alarm;

  /** `obstacle` tells why there is no session ready, as far as that is known. */
  constructor(clock: Clock, obstacle: () => string | undefined) {
    this.#clock = clock;
    this.#obstacle = obstacle;
    this.#alarm = new Alarm(clock, { ring: () => this.#expire() });
  }

  /** Whether who comes may go on at once. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether nobody waits. */
  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** A session is ready: those who wait go first. */
  open(): void {
    if (this.#isOver) return;
    this.#isOpen = true;
    for (const entrant of this.#take()) entrant.run();
  }

  /** There is no session for now. */
  close(): void {
    this.#isOpen = false;
  }

  /** Who comes from now on fails; who waits still may go through. */
  refuse(error: DuplexError): void {
    this.#refusal ??= error;
  }

  /** There will be no session any more. */
  end(error: DuplexError): void {
    this.#isOpen = false;
    this.#isOver = true;
    this.refuse(error);
    this.#alarm.cancel();
    for (const entrant of this.#take()) entrant.fail(error);
  }

  /** Goes through, or waits. What it returns lets go of the place. */
  enter(entrant: Entrant): () => void {
    const { signal, name = 'the call' } = entrant;
    const cancelled = (): DuplexError =>
      new DuplexError('cancelled', `${name} was cancelled`, { cause: signal?.reason });
    if (this.#refusal !== undefined) entrant.fail(this.#refusal);
    else if (signal?.aborted) entrant.fail(cancelled());
    else if (this.#isOpen) entrant.run();
    else if (this.#waiting.size >= MAX_WAITING) entrant.fail(tooMany());
    else return this.#wait(entrant, cancelled);
    return () => {};
  }

  #wait(entrant: Entrant, cancelled: () => DuplexError): () => void {
    const { signal } = entrant;
    const abort = (): void => {
      leave();
      entrant.fail(cancelled());
    };
    const leave = (): void => {
      this.#waiting.delete(place);
      signal?.removeEventListener('abort', abort);
    };
    const place: Entrant = {
      ...entrant,
      run() {
        leave();
        entrant.run();
      },
      fail(error) {
        leave();
        entrant.fail(error);
      },
    };
    this.#waiting.add(place);
    signal?.addEventListener('abort', abort, { once: true });
    this.#alarm.setAt(entrant.deadline ?? NEVER);
    return leave;
  }

  #take(): Entrant[] {
    const waiting = [...this.#waiting];
    this.#waiting = new Set();
    return waiting;
  }

  #expire(): void {
    const now = this.#clock.now();
    const obstacle = this.#obstacle();
    const why = obstacle === undefined ? '' : `: ${obstacle}`;
    let next = NEVER;
    for (const entrant of [...this.#waiting]) {
      const { deadline = NEVER, timeoutMs, name = 'the call' } = entrant;
      if (deadline > now) next = Math.min(next, deadline);
      else entrant.fail(new DuplexError('timeout', `no session for ${name} within ${timeoutMs} ms${why}`));
    }
    this.#alarm.setAt(next);
  }
}

function tooMany(): DuplexError {
  const message = `${MAX_WAITING} calls wait for a session: await what you send`;
  return new DuplexError('fault', message, { code: Code.RESOURCE_EXHAUSTED });
}
