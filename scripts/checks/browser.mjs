// @ts-check
// Bundles the engine for a browser and looks at what went in: nothing but itself and the protobuf runtime may.
import { resolve } from 'node:path';
import { build } from 'esbuild';

const allowed = /^(src\/(session|wire|contract|gen)\/|src\/errors\.ts$|node_modules\/@bufbuild\/protobuf\/)/;

const { metafile, outputFiles } = await build({
  entryPoints: ['src/session/**/*.ts', 'src/wire/**/*.ts'],
  absWorkingDir: resolve(import.meta.dirname, '../..'),
  outdir: 'dist',
  write: false,
  bundle: true,
  splitting: true,
  platform: 'browser',
  format: 'esm',
  minify: true,
  metafile: true,
  logLevel: 'error',
}).catch(() => process.exit(1));

// Only where the engine itself reaches out; what a stranger brings along says nothing new.
const strangers = Object.entries(metafile.inputs)
  .filter(([importer]) => allowed.test(importer))
  .flatMap(([importer, { imports }]) => imports.map(({ path }) => ({ importer, path })))
  .filter(({ path }) => !allowed.test(path));
for (const { importer, path } of strangers) console.error(`${importer} brings ${path} into the browser`);

const bytes = outputFiles.reduce((sum, { contents }) => sum + contents.length, 0);
if (strangers.length > 0) process.exitCode = 1;
else console.log(`${Math.round(bytes / 1024)} kB minified`);
