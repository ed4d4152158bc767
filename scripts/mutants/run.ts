// npm run mutants: every bug that others made, put into a copy of the tree one at a time, has to be found.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { allMutants } from './all.js';
import { type Mutant, mutated } from './mutant.js';

const USAGE = `npm run mutants -- [options]
  --seeds N    how many seeds the simulation may take to find each (default 400)
  --only TEXT  only the bugs whose name holds this text`;

const root = resolve(import.meta.dirname, '../..');
/** Whose tests of their own may find one. */
const layers = ['wire', 'transport', 'calls', 'server', 'client'];
/** A mutant that hangs is found, too. */
const TIME_LIMIT_MS = 120_000;

interface Options {
  readonly seeds: string;
  readonly only: string;
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '400' },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(USAGE);
else process.exitCode = (await killAll(values)) ? 0 : 1;

async function killAll({ seeds, only }: Options): Promise<boolean> {
  const mutants = allMutants.filter(({ bug }) => bug.includes(only));
  const trees = Array.from({ length: availableParallelism() }, copyTree);
  const waiting = [...mutants];
  let killed = 0;
  const work = async (tree: string): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const killer = await killerOf(mutant, tree, seeds);
      if (killer !== undefined) killed += 1;
      console.log(`${killer === undefined ? 'ALIVE ' : 'killed'}  ${mutant.bug}\n        ${killer ?? mutant.file}`);
    }
  };
  try {
    const [tree = ''] = trees;
    const found = (await simulate(tree, seeds)) ?? (await test(tree));
    if (found !== undefined) throw new Error(`without any mutant there is a bug already: ${found}`);
    await Promise.all(trees.map(work));
  } finally {
    for (const tree of trees) rmSync(tree, { recursive: true });
  }
  console.log(`${killed} of ${mutants.length} killed`);
  return killed === mutants.length;
}

function copyTree(): string {
  const tree = mkdtempSync(join(tmpdir(), 'grpc-duplex-mutants-'));
  for (const name of ['src', 'test', 'scripts', 'proto', 'package.json', 'tsconfig.json']) {
    cpSync(join(root, name), join(tree, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  return tree;
}

/** Who finds the mutant: a seed of the simulation, or a test. Throws if there is no such place in the code any more. */
async function killerOf(mutant: Mutant, tree: string, seeds: string): Promise<string | undefined> {
  const path = join(tree, mutant.file);
  const original = readFileSync(path, 'utf8');
  writeFileSync(path, mutated(original, mutant));
  try {
    return (await simulate(tree, seeds)) ?? (await test(tree, mutant.foundBy));
  } finally {
    writeFileSync(path, original);
  }
}

async function simulate(tree: string, seeds: string): Promise<string | undefined> {
  const { passed, output } = await node(
    tree,
    '--import',
    'tsx',
    'scripts/simulate/run.ts',
    '--brief',
    '--seeds',
    seeds,
  );
  if (passed) return undefined;
  const broken = output.split('\n').find((line) => line.startsWith('seed '));
  return `simulation: ${broken ?? output.trim().split('\n').at(-1) ?? 'it hangs'}`;
}

async function test(tree: string, ...more: readonly (string | undefined)[]): Promise<string | undefined> {
  const vitest = 'node_modules/vitest/vitest.mjs';
  const files = [
    'test/session',
    ...layers.map((layer) => `test/unit/${layer}`),
    ...more.filter((file) => file !== undefined),
  ];
  // The simulation has had its turn, and hostile peers take long to tell what the others tell at once.
  const exclude = ['simulation', 'hostile-envelopes'].flatMap((name) => ['--exclude', `test/session/${name}.test.ts`]);
  const args = ['run', '--config', 'scripts/checks/vitest.config.ts', '--bail', '1', ...exclude, ...files];
  const { passed, output } = await node(tree, vitest, ...args);
  if (passed) return undefined;
  const failed = output.split('\n').find((line) => line.includes('FAIL'));
  return `test: ${failed?.replace(/^.*FAIL\s*/, '').trim() ?? 'it hangs'}`;
}

/** Runs Node in the tree; what it prints comes without colours. */
function node(tree: string, ...args: readonly string[]): Promise<{ passed: boolean; output: string }> {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined };
  const child = spawn(process.execPath, args, { cwd: tree, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const limit = setTimeout(() => child.kill('SIGKILL'), TIME_LIMIT_MS);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => {
      clearTimeout(limit);
      done({ passed: code === 0, output });
    });
  });
}
