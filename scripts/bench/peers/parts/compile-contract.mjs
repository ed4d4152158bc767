// @ts-check
import { resolve } from 'node:path';
import { build } from 'esbuild';
import { compiled } from './contract.mjs';

const generated = resolve(import.meta.dirname, '../../../../test/support/gen/testing/v1');
const wire = resolve(import.meta.dirname, '../../../../src/wire');

/** @type {import('esbuild').BuildOptions} */
const asUsersDo = {
  outExtension: { '.js': '.mjs' },
  bundle: true,
  packages: 'external',
  format: 'esm',
  target: 'node20',
  // By name, as a user's program imports it, not by the paths that the type checker uses.
  tsconfigRaw: {},
  logLevel: 'error',
};

/**
 * Compiles test/support/proto/testing/v1/bench.proto's TypeScript the way a
 * user's compiler would: a loader that transpiles while it loads puts helpers
 * of its own around every function. Once, before a process imports it.
 */
export async function compileContract() {
  await build({
    ...asUsersDo,
    outdir: compiled,
    entryPoints: { messages: `${generated}/bench.ts`, contract: `${generated}/bench_duplex.ts` },
    plugins: [codegenFromPackage],
  });
}

/** Compiles the envelope's codec alone: the compiled package has no door to it. */
export async function compileCodec() {
  const modules = ['item-encoder', 'batch', 'frame-decoder'];
  const contents = modules.map((name) => `export * from './${name}.ts';`).join('\n');
  await build({
    ...asUsersDo,
    outfile: `${compiled}/codec.mjs`,
    stdin: { contents, resolveDir: wire },
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
