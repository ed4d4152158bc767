// @ts-check
// The contract of the benchmark, test/support/proto/testing/v1/bench.proto, compiled the way a user's compiler
// would: a loader that transpiles while it loads puts helpers of its own around every function.
import { resolve } from 'node:path';
import { build } from 'esbuild';

/** @typedef {import('../../test/support/gen/testing/v1/bench.js').BenchEnvelope} BenchEnvelope */

const root = resolve(import.meta.dirname, '../..');
const compiled = resolve(root, '.cache/bench/contract.mjs');

/** Compiles the contract; once, before a process imports it. */
export async function compileContract() {
  await build({
    stdin: {
      contents: `export { Bench } from './bench_duplex.js'; export { BenchEnvelope, CountUpRequest, CountUpResponse, TickRequest } from './bench.js';`,
      resolveDir: resolve(root, 'test/support/gen/testing/v1'),
    },
    plugins: [codegenFromPackage],
    outfile: compiled,
    bundle: true,
    packages: 'external',
    format: 'esm',
    target: 'node20',
    // By name, as a user's program imports it, not by the paths that the type checker uses.
    tsconfigRaw: {},
    logLevel: 'error',
  });
}

/**
 * Contracts of the tests import the sources; here the compiled package is measured.
 *
 * @type {import('esbuild').Plugin}
 */
const codegenFromPackage = {
  name: 'codegen-from-package',
  setup({ onResolve }) {
    onResolve({ filter: /\/src\/codegen\/v1\.js$/ }, () => ({ path: 'grpc-duplex/codegen/v1', external: true }));
  },
};

/**
 * @returns {Promise<typeof import('../../test/support/gen/testing/v1/bench_duplex.js')
 *   & typeof import('../../test/support/gen/testing/v1/bench.js')>}
 */
export function importContract() {
  return import(compiled);
}
