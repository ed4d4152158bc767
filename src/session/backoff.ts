/** How a client spaces its attempts to connect, in milliseconds. */
export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** The bounds unless somebody sets others. */
export const defaultBackoff: BackoffOptions = Object.freeze({ firstMs: 100, maxMs: 10_000 });

/**
 * Exponential back-off with full jitter: a random time up to a bound that
 * doubles, so that clients which lost one server do not come back as one.
 * Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export class Backoff {
  #failures = 0;
  readonly #options: BackoffOptions;
  readonly #random: () => number;

  /** `random` gives numbers from 0 up to, not including, 1. */
  constructor(options: BackoffOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
  }

  /** How long to wait before the next attempt. */
  nextMs(): number {
    const { firstMs, maxMs } = this.#options;
    // 2^30 is past any maximum; the exponent must not run away in years of failures.
    const bound = Math.min(maxMs, firstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return this.#random() * bound;
  }

  /** An attempt succeeded. */
  reset(): void {
    this.#failures = 0;
  }
}
