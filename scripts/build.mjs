// @ts-check
// npm run build: compiles src into dist. Node built-ins only at the top: `npm run demo` starts without node_modules.
//
// The JavaScript is packed into a file for each door and a few that they share: to load it takes 60 ms less than the
// 120 files that index.ts is made of, of 220 ms to a first session. Declarations stay as they are, a file each.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withLock } from './lock.mjs';

const root = resolve(import.meta.dirname, '..');
const cache = join(root, '.cache');
const dist = join(root, 'dist');
const stampFile = join(cache, 'built');
const rx = 'calls/rx';
const binaries = ['cli/duplex', 'cli/protoc-gen-duplex'];
const doors = ['index', 'client/index', 'codegen/v1', 'testing/index', 'config/index', 'load', ...binaries];

/** Builds anew; whoever reads dist meanwhile sees the old or the new one, never a half. */
export const build = () => withLock(join(cache, 'build.lock'), compile);

/** Builds only if dist is missing or not what the sources say. Safe to run many times at once. */
export const buildIfStale = () =>
  withLock(join(cache, 'build.lock'), async () => {
    if (!(await isFresh())) await compile();
  });

async function compile() {
  const stamp = await sourceHash();
  const fresh = join(cache, `dist-${process.pid}`);
  const old = join(cache, `old-${process.pid}`);
  await mkdir(cache, { recursive: true });
  try {
    await Promise.all([tsc(['-p', 'scripts/tsconfig.build.json', '--outDir', fresh]), bundle(fresh)]);
    await writeSchema(join(fresh, 'config'));
    await Promise.all(binaries.map((file) => chmod(join(fresh, `${file}.js`), 0o755)));
    await rename(dist, old).catch(ignoreMissing);
    await rename(fresh, dist);
    await writeFile(stampFile, stamp);
  } finally {
    await Promise.all([fresh, old].map((folder) => rm(folder, { recursive: true, force: true })));
  }
}

/** @type {import('esbuild').BuildOptions & { write: false }} */
const options = {
  absWorkingDir: root,
  outbase: 'src',
  // Where source maps find the sources.
  outdir: dist,
  write: false,
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20.19',
  sourcemap: true,
  logLevel: 'error',
};

/** @param {string} folder */
async function bundle(folder) {
  const esbuild = await import('esbuild');
  const packed = await Promise.all([
    esbuild.build({
      ...options,
      entryPoints: doors.map((door) => `src/${door}.ts`),
      format: 'esm',
      splitting: true,
      chunkNames: 'shared/[name]-[hash]',
      plugins: [rxApart],
    }),
    esbuild.build({ ...options, entryPoints: [`src/${rx}.ts`], format: 'esm' }),
    esbuild.build({ ...options, entryPoints: [`src/${rx}.ts`], format: 'cjs', outExtension: { '.js': '.cjs' } }),
  ]);
  for (const { path, contents } of packed.flatMap(({ outputFiles }) => outputFiles)) {
    const file = join(folder, relative(dist, path));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, contents);
  }
}

/**
 * The pieces of rxjs stay in a file of their own, once as an ES module for
 * bundlers, and once as CommonJS for Node: `imports` of package.json chooses.
 * rxjs is CommonJS, and Node takes longer for several imports of it by an ES
 * module than for one: with nine it was 12 ms of 145 to a first session.
 *
 * @type {import('esbuild').Plugin}
 */
const rxApart = {
  name: 'rx-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/rx\.js$/ }, () => ({ path: '#rx', external: true, sideEffects: false }));
  },
};

/** The JSON schema of the configuration file, made of the one that checks it. @param {string} folder */
async function writeSchema(folder) {
  const { jsonSchema } = await import(pathToFileURL(join(folder, 'index.js')).href);
  await writeFile(join(folder, 'duplex.config.schema.json'), `${JSON.stringify(jsonSchema(), undefined, 2)}\n`);
}

async function isFresh() {
  try {
    const [stamp, hash] = await Promise.all([readFile(stampFile, 'utf8'), sourceHash(), readdir(dist)]);
    return stamp === hash;
  } catch (error) {
    ignoreMissing(error);
    return false;
  }
}

/** One hash over all that the compiler reads: by content, because a checkout may give old sources new times. */
async function sourceHash() {
  const sources = (await readdir(join(root, 'src'), { recursive: true })).filter((file) => file.endsWith('.ts')).sort();
  const files = [
    ...sources.map((file) => join('src', file)),
    'tsconfig.json',
    'scripts/tsconfig.build.json',
    'scripts/build.mjs',
  ];
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(await readFile(join(root, file)));
  return hash.digest('hex');
}

/** @param {string[]} args @returns {Promise<void>} */
function tsc(args) {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const child = spawn(process.execPath, [compiler, ...args], { cwd: root, stdio: 'inherit' });
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('exit', (code) => (code === 0 ? done() : failed(new Error('the compiler reported errors'))));
  });
}

/** @param {unknown} error */
function ignoreMissing(error) {
  if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await build();
  } catch (error) {
    console.error(`build failed: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
