// @ts-check
// The contract of the benchmark, compiled the way a user's compiler would: a loader that transpiles
// while it loads puts helpers of its own around every function.
import { resolve } from 'node:path';
import { build } from 'esbuild';

const compiled = resolve(import.meta.dirname, '../../.cache/bench/contract.mjs');

/** Compiles the contract; once, before a process imports it. */
export async function compileContract() {
  await build({
    entryPoints: [resolve(import.meta.dirname, 'contract.ts')],
    outfile: compiled,
    bundle: true,
    packages: 'external',
    format: 'esm',
    target: 'node20',
    // By name as a user's program imports it, not by the paths that the type checker uses.
    tsconfigRaw: {},
    logLevel: 'error',
  });
}

/** @returns {Promise<typeof import('./contract.js')>} */
export function importContract() {
  return import(compiled);
}
