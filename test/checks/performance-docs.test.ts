import { expect, test } from 'vitest';
import { readResults, tableIn, tablesOf } from '../../scripts/bench/reporting/docs.mjs';

test.each(['README.md', 'docs/performance.md'] as const)(
  'the figures in %s are those of docs/performance.json',
  async (page) => {
    const tables = await tablesOf(await readResults());
    expect(await tableIn(page)).toBe(tables[page]);
  },
);
