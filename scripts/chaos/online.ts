/**
 * Checker A: looks at each message as it arrives. It shares no code with the
 * checker of the logs, so that a mistake in one shows in the other.
 */
export class Sequence {
  /** The last id that arrived. */
  last = 0;
  readonly #name: string;
  readonly #violated: (what: string) => void;

  constructor(name: string, violated: (what: string) => void) {
    this.#name = name;
    this.#violated = violated;
  }

  take(id: number): void {
    const next = this.last + 1;
    if (id > next) this.#violated(`${this.#name}: ${next} to ${id - 1} lost or late, ${id} came`);
    else if (id < next) this.#violated(`${this.#name}: ${id} came again after ${this.last}`);
    this.last = Math.max(this.last, id);
  }
}

/** What a service has made of the first `n` notes; the state carries it, and both sides can compute it. */
export class Fold {
  readonly #values = [0];

  /** The value after note `n`. */
  at(n: number): number {
    for (let next = this.#values.length; next <= n; next++) {
      this.#values.push(((this.#values[next - 1] as number) * 31 + next) % 1_000_003);
    }
    return this.#values[n] as number;
  }
}
