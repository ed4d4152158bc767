// @ts-check
// npm run generate: proto → wire protos and TypeScript, in place. Needs no network.
// npm run generate -- --check: writes nothing; fails, and names the files, where what is there is out of date.
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const wireSuffix = '_duplex.proto';

/**
 * A folder of protos and the folder of code that is generated from it. The
 * latter contains nothing else; wire protos stand among the protos.
 *
 * @typedef {{ input: string, output: string, args: readonly string[], plugin: Readonly<Record<string, unknown>> }} Tree
 */

/** @type {readonly Tree[]} */
const trees = [
  {
    input: 'proto',
    output: 'src/gen',
    // The generator reads contract.proto by means of descriptors: no code of it is needed.
    args: ['duplex/v1/session.proto', 'grpc/health/v1', 'grpc/reflection/v1'].flatMap((path) => [
      '--path',
      `proto/${path}`,
    ]),
    plugin: {
      local: ['node', 'node_modules/ts-proto/protoc-gen-ts_proto'],
      out: 'src/gen',
      opt: [
        ...['outputServices=none', 'env=both', 'importSuffix=.js', 'oneof=unions-value', 'forceLong=number'],
        ...['enumsAsLiterals=true', 'removeEnumPrefix=true', 'useExactTypes=false', 'annotateFilesWithVersion=false'],
        ...['outputTypeAnnotations=static-only', 'outputJsonMethods=false'],
      ],
    },
  },
  {
    input: 'proto',
    output: 'src/gen',
    args: [],
    plugin: { local: ['node', 'scripts/descriptors-plugin.mjs'], out: 'src/gen' },
  },
  ...['approval', 'calculator', 'chat', 'ticker'].map((name) =>
    contractTree(`examples/${name}/proto`, `examples/${name}/gen`),
  ),
  contractTree('test/support/proto', 'test/support/gen', 'runtime=../../../../../src/codegen/v1.js'),
];

/** @param {string} input @param {string} output @param {...string} options @returns {Tree} */
function contractTree(input, output, ...options) {
  return {
    input,
    output,
    args: [],
    plugin: {
      local: ['node', '--import', 'tsx', 'src/cli/protoc-gen-duplex.ts'],
      out: '.',
      opt: [`wire_out=${input}`, `ts_out=${output}`, ...options],
    },
  };
}

try {
  const [wanted, present] = await Promise.all([generateAll(), readPresent()]);
  const stale = [...new Set([...wanted.keys(), ...present.keys()])]
    .filter((file) => wanted.get(file) !== present.get(file))
    .sort();
  if (process.argv.includes('--check')) report(stale);
  else await apply(stale, wanted);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** Generates every tree into a folder of its own, so that nothing is half written if one fails. */
async function generateAll() {
  const folder = await mkdtemp(join(tmpdir(), 'grpc-duplex-generate-'));
  try {
    await Promise.all(trees.map((tree) => generate(tree, folder)));
    return await readTexts(folder, '');
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** @param {Tree} tree @param {string} folder */
async function generate({ input, args, plugin }, folder) {
  // A wire proto is never an input: one that still names a removed message
  // would keep the contract beside it from being compiled.
  const wireProtos = await listFiles(input, wireSuffix);
  const template = JSON.stringify({ version: 'v2', plugins: [{ ...plugin, strategy: 'all' }] });
  await buf([
    ...['generate', input, '--template', template, '--output', folder, ...args],
    ...wireProtos.flatMap((file) => ['--exclude-path', join(input, file)]),
  ]);
}

/** @param {readonly string[]} args @returns {Promise<void>} */
function buf(args) {
  const child = spawn(join(root, 'node_modules/.bin/buf'), args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => (code === 0 ? done() : failed(new Error(output.trim()))));
  });
}

/** Everything that generation wrote before. */
async function readPresent() {
  const texts = await Promise.all(
    trees.flatMap(({ input, output }) => [readTexts(root, input, wireSuffix), readTexts(root, output)]),
  );
  return new Map(texts.flatMap((map) => [...map]));
}

/**
 * The files below `folder`, by their paths from `base`.
 *
 * @param {string} base @param {string} folder @param {string} [suffix] @returns {Promise<Map<string, string>>}
 */
async function readTexts(base, folder, suffix = '') {
  const names = await listFiles(join(base, folder), suffix);
  const paths = names.map((name) => join(folder, name));
  const texts = await Promise.all(paths.map((path) => readFile(join(base, path), 'utf8')));
  return new Map(paths.map((path, index) => [path, texts[index] ?? '']));
}

/** @param {string} folder @param {string} suffix @returns {Promise<string[]>} */
async function listFiles(folder, suffix) {
  const entries = await readdir(resolve(root, folder), { recursive: true, withFileTypes: true }).catch(ignoreMissing);
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
    .map((entry) => join(entry.parentPath, entry.name).slice(resolve(root, folder).length + 1));
}

/** @param {NodeJS.ErrnoException} error @returns {[]} */
function ignoreMissing(error) {
  if (error.code !== 'ENOENT') throw error;
  return [];
}

/** @param {readonly string[]} stale */
function report(stale) {
  if (stale.length === 0) {
    console.log('generated code is up to date');
    return;
  }
  console.error(`out of date; run npm run generate:\n${stale.map((file) => `  ${file}`).join('\n')}`);
  process.exitCode = 1;
}

/** @param {readonly string[]} stale @param {ReadonlyMap<string, string>} wanted */
async function apply(stale, wanted) {
  for (const file of stale) {
    const path = join(root, file);
    const content = wanted.get(file);
    if (content === undefined) await rm(path);
    else {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    }
    console.log(`${content === undefined ? 'removed' : 'wrote'}  ${file}`);
  }
  if (stale.length === 0) console.log('nothing to do');
}
