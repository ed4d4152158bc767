// @ts-check
// Packs what npm would publish and looks at it with the eyes of those who install it.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildIfStale } from '../build.mjs';

const root = resolve(import.meta.dirname, '../..');
const bin = join(root, 'node_modules/.bin');
const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** What the package may hold; anything else got in by accident. */
const expected =
  /^(dist\/.*\.(c?js|c?js\.map|d\.ts|schema\.json)|proto\/duplex\/.*|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;

await buildIfStale().catch((/** @type {Error} */ error) => {
  console.error(error.message);
  process.exit(1);
});
const folder = mkdtempSync(join(tmpdir(), 'grpc-duplex-pack-'));
try {
  const packing = ['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder];
  const [{ filename, files, size }] = JSON.parse(execFileSync('npm', packing, { cwd: root, encoding: 'utf8' }));
  const tarball = join(folder, filename);
  const paths = files.map((/** @type {{ path: string }} */ file) => file.path);
  const strangers = paths.filter((/** @type {string} */ path) => !expected.test(path));
  if (strangers.length > 0) fail(`unexpected files in the package: ${strangers.join(', ')}`);

  run(join(bin, 'publint'), ['run', tarball, '--strict']);
  run(join(bin, 'attw'), [tarball, '--profile', 'esm-only', '--exclude-entrypoints', './proto/*', '--no-emoji']);
  for (const door of Object.keys(exports).filter((key) => !key.includes('*') && !key.endsWith('.json'))) {
    const id = JSON.stringify(join(name, door));
    run(process.execPath, ['--no-warnings', '-e', `import(${id}); require(${id})`]);
  }
  if (!process.exitCode) console.log(`${files.length} files, ${Math.round(size / 1024)} kB`);
} finally {
  rmSync(folder, { recursive: true });
}

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) fail(`${command} ${args.join(' ')}\n${stdout}${stderr}`);
}

/** @param {string} message */
function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
