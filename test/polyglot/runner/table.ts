/** What became of one case in one language; a reason says why it was not played. */
export type Outcome = { readonly passed: true } | { readonly failed: string } | { readonly skipped: string };

/** Outcomes by case and language, as they come in. */
export class Table {
  readonly #columns: readonly string[];
  readonly #rows = new Map<string, Map<string, Outcome>>();

  constructor(columns: readonly string[]) {
    this.#columns = columns;
  }

  set(row: string, column: string, outcome: Outcome): void {
    if (!this.#rows.has(row)) this.#rows.set(row, new Map());
    this.#rows.get(row)?.set(column, outcome);
  }

  get failed(): number {
    return this.#all.filter(([, , outcome]) => 'failed' in outcome).length;
  }

  /** The table, what was wrong, why something was skipped, and the count. */
  toString(): string {
    const width = Math.max(...[...this.#rows.keys()].map((name) => name.length));
    const line = (name: string, cells: readonly string[]): string =>
      `${name.padEnd(width)}${cells.map((cell) => `  ${cell.padEnd(8)}`).join('')}`.trimEnd();
    const table = [...this.#rows].map(([name, cells]) =>
      line(
        name,
        this.#columns.map((column) => cellOf(cells.get(column))),
      ),
    );
    const reasons = this.#all.map(([, column, outcome]) =>
      'skipped' in outcome ? `${column} skipped: ${outcome.skipped}` : '',
    );
    const failures = this.#all.map(([row, column, outcome]) =>
      'failed' in outcome ? `FAILED  ${column}: ${row}\n  ${outcome.failed}` : '',
    );
    const passed = this.#all.filter(([, , outcome]) => 'passed' in outcome).length;
    const remarks = [...new Set([...failures, ...reasons])].filter((text) => text !== '');
    return [line('', this.#columns), ...table, '', ...remarks, `${passed} passed, ${this.failed} failed`].join('\n');
  }

  get #all(): readonly (readonly [row: string, column: string, outcome: Outcome])[] {
    return [...this.#rows].flatMap(([row, cells]) =>
      [...cells].map(([column, outcome]) => [row, column, outcome] as const),
    );
  }
}

function cellOf(outcome: Outcome | undefined): string {
  if (outcome === undefined) return '·';
  return (
    Object.keys(outcome).map((kind) => (kind === 'passed' ? 'ok' : kind === 'failed' ? 'FAILED' : 'skipped'))[0] ?? ''
  );
}
