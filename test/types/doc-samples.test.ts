import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../codegen/support/compile.js';
import { typeCheck } from '../support/type-check.js';

const pages = ['concurrency', 'call-context', 'faults', 'interceptors'];

/** Every sample of these pages as a module beside the generated code that it imports, by a name that says where it stands. */
function samples(): ReadonlyMap<string, string> {
  return new Map(
    pages.flatMap((page) => {
      const text = readFileSync(join(root, `docs/${page}.md`), 'utf8');
      return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = ''], index) => [
        join(root, `test/support/${page}-${index + 1}.ts`),
        code,
      ]);
    }),
  );
}

test('the samples of the pages about calls compile', () => {
  const files = samples();
  expect(files.size).toBeGreaterThanOrEqual(10);
  expect(typeCheck(files)).toEqual([]);
}, 60_000);
