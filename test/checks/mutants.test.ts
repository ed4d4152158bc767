import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allMutants } from '../../scripts/mutants/all.js';
import { mutated } from '../../scripts/mutants/mutant.js';

describe('the mutants of the engine', () => {
  it.each(allMutants)('still have a place in the code: $bug', (mutant) => {
    const source = readFileSync(mutant.file, 'utf8');
    expect(mutated(source, mutant)).not.toBe(source);
  });

  it('have names of their own', () => {
    const bugs = allMutants.map(({ bug }) => bug);
    expect(new Set(bugs).size).toBe(bugs.length);
  });
});
