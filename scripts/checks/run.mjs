// @ts-check
// npm run check: runs every check, prints a line for each, then what the failed ones said.
// npm run check -- lint types: only these.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';

const root = resolve(import.meta.dirname, '../..');
const here = 'scripts/checks';
// Two packages have a program of this name.
const tsc = 'node node_modules/typescript/bin/tsc';
const newestTsc = 'node node_modules/typescript-7/bin/tsc';

/** @type {Readonly<Record<string, readonly string[]>>} */
const checks = {
  format: [`biome check --config-path=${here}/biome.config.json --error-on-warnings --max-diagnostics=100 .`],
  lint: [`eslint -c ${here}/eslint.config.mjs --max-warnings=0 src test examples`],
  layers: [`depcruise --config ${here}/layers.config.mjs src`],
  types: [`${tsc} -p tsconfig.json`, `${newestTsc} -p tsconfig.json`, `node ${here}/isolated.mjs`],
  samples: [`node ${here}/samples.mjs`],
  links: [`node ${here}/links.mjs`],
  browser: [`${tsc} -p ${here}/tsconfig.browser.json`, `node ${here}/browser.mjs`],
  proto: ['buf lint', 'buf format --diff --exit-code'],
  breaking: [`node ${here}/breaking.mjs`],
  generated: ['node scripts/generate.mjs --check'],
  unused: [`knip --config ${here}/knip.config.ts`],
  package: [`node ${here}/package.mjs`],
};

/**
 * @typedef {{ name: string, passed: boolean, output: string }} Outcome
 */

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in checks));
if (unknown.length > 0) {
  console.error(`no such check: ${unknown.join(', ')}; there are ${Object.keys(checks).join(', ')}`);
  process.exit(2);
}

const waiting = asked.length > 0 ? asked : Object.keys(checks);
const width = Math.max(...waiting.map((name) => name.length));
/** @type {Outcome[]} */
const outcomes = [];
await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, work));

const failed = outcomes.filter(({ passed }) => !passed);
for (const { name, output } of failed) console.log(`\n--- ${name} ---\n${output.trim()}`);
console.log(failed.length === 0 ? '\nall checks passed' : `\nfailed: ${failed.map(({ name }) => name).join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

async function work() {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const start = performance.now();
    const outcome = await check(name);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const remark = outcome.passed ? (outcome.output.trim().split('\n').at(-1) ?? '') : '';
    const mark = outcome.passed ? 'ok    ' : 'FAILED';
    console.log(`${mark}  ${name.padEnd(width)}  ${seconds.padStart(5)} s  ${remark}`.trimEnd());
    outcomes.push(outcome);
  }
}

/** @param {string} name @returns {Promise<Outcome>} */
async function check(name) {
  let output = '';
  for (const command of checks[name] ?? []) {
    const { code, text } = await run(command);
    output += text;
    if (code !== 0) return { name, passed: false, output: `$ ${command}\n${text}` };
  }
  return { name, passed: true, output };
}

/** @param {string} command @returns {Promise<{ code: number | null, text: string }>} */
function run(command) {
  const [file = '', ...args] = command.split(' ');
  const env = { ...process.env, PATH: `${join(root, 'node_modules/.bin')}${delimiter}${process.env['PATH']}` };
  const child = spawn(file, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  child.stderr.on('data', (chunk) => {
    text += chunk;
  });
  return new Promise((done) => {
    child.on('error', (error) => done({ code: 1, text: String(error) }));
    child.on('close', (code) => done({ code, text }));
  });
}
