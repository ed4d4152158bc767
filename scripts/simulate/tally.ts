import { allTransitions } from '../../src/session/states.js';
import { allSituations } from '../../test/support/sim/checks/log-checker.js';
import type { Outcome } from '../../test/support/sim/run.js';

/**
 * Transitions that a service does not make: it is given carriers and never
 * looks for one, so it has one as soon as it exists, and goes on at once with
 * one that it is given.
 */
const NEVER = new Set(['service created end closed', 'service resuming cut resuming']);

/** Adds up what the runs went through. */
export class Tally {
  seeds = 0;
  failed = 0;
  readonly #counts = new Map<string, number>();
  readonly #faults = new Map<string, number>();
  readonly #ends = new Map<string, number>();
  readonly #moves = new Map<string, number>();
  readonly #situations = new Map<string, number>();
  readonly #start = performance.now();

  add({ history, moves, situations, violations }: Outcome): void {
    this.seeds += 1;
    if (violations.length > 0) this.failed += 1;
    for (const entry of history.entries) {
      if (entry.what === 'fault') count(this.#faults, (JSON.parse(entry.fault) as { fault: string }).fault);
      else if (entry.what === 'over')
        count(this.#ends, `${entry.who.startsWith('c') ? 'client' : 'service'} ${entry.kind}`);
      else count(this.#counts, entry.what);
    }
    for (const [move, times] of moves) count(this.#moves, move, times);
    for (const [situation, times] of situations) count(this.#situations, situation, times);
  }

  /** The transitions that no seed made, and what can happen in an opening and never did, though it could have. */
  get missing(): readonly string[] {
    return [...this.#missingMoves, ...allSituations.filter((situation) => !this.#situations.has(situation))];
  }

  get #missingMoves(): readonly string[] {
    return this.#transitions.filter((move) => !this.#moves.has(move) && !NEVER.has(move));
  }

  get #transitions(): readonly string[] {
    return ['client', 'service'].flatMap((role) => allTransitions().map((row) => [role, ...row].join(' ')));
  }

  /** What to print at the end. */
  lines(): readonly string[] {
    const seconds = (performance.now() - this.#start) / 1_000;
    const said = (name: string): number => this.#counts.get(name) ?? 0;
    const possible = this.#transitions.filter((move) => !NEVER.has(move)).length;
    return [
      `seeds         ${this.seeds} in ${seconds.toFixed(1)} s, ${Math.round(this.seeds / seconds)} a second`,
      `messages      ${said('call')} sent, ${said('begun')} dispatched, ${said('settled')} settled`,
      `frames        ${said('write')} written, ${said('frame')} read, on ${said('dial')} streams`,
      `faults        ${listed(this.#faults)}`,
      `ends          ${listed(this.#ends)}`,
      `resumed       ${this.#moves.get('client resuming welcome open') ?? 0} times`,
      `openings      ${listed(this.#situations)}`,
      `transitions   ${possible - this.#missingMoves.length} of ${possible} visited`,
      ...this.missing.map((move) => `  not visited: ${move}`),
      `failed seeds  ${this.failed}`,
    ];
  }
}

function count(counts: Map<string, number>, name: string, times = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + times);
}

function listed(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].sort(([a], [b]) => a.localeCompare(b));
  return sorted.map(([name, times]) => `${name} ${times}`).join(', ') || 'none';
}
