// @ts-check
// npm run demo: the calculator service and a client of it, as two processes over real gRPC.
// Node built-ins only at the top: in a fresh clone there is nothing else yet.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildIfStale } from './build.mjs';
import { withLock } from './lock.mjs';

const root = resolve(import.meta.dirname, '..');
const TIME_LIMIT_MS = 30_000;

/** @typedef {import('node:child_process').ChildProcess} Process */

/** @type {Process[]} */
const processes = [];
process.once('exit', () => {
  for (const child of processes) if (isRunning(child)) child.kill('SIGKILL');
});
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

try {
  await withLock(join(root, '.cache/install.lock'), installMissing);
  await buildIfStale();
  await Promise.race([demo(), tooLate()]);
  process.exit();
} catch (error) {
  console.error(`demo failed: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}

async function demo() {
  const server = start('server.ts', 'localhost:0');
  const client = start('client.ts', await addressOf(server));
  let output = '';
  client.stdout?.on('data', (chunk) => {
    output += chunk;
    process.stdout.write(chunk);
  });
  await success(client, 'the client');
  if (!output.includes('Equation(')) throw new Error('the client ended without a result');
  server.kill('SIGTERM');
  await success(server, 'the server');
}

async function tooLate() {
  await sleep(TIME_LIMIT_MS);
  throw new Error(`not done after ${TIME_LIMIT_MS / 1000} s`);
}

/**
 * Starts a program of the example as it stands; it finds the package in dist, as an installed one would be.
 *
 * @param {string} file
 * @param {string} address
 */
function start(file, address) {
  const args = ['--import', 'tsx', join('examples/calculator', file), address];
  const env = { ...process.env, TSX_TSCONFIG_PATH: join(root, 'scripts/tsconfig.build.json') };
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  processes.push(child);
  return child;
}

/** @param {Process} server @returns {Promise<string>} the address in its first line */
async function addressOf(server) {
  const lines = createInterface({ input: /** @type {import('node:stream').Readable} */ (server.stdout) });
  const [line] = await Promise.race([once(lines, 'line'), once(lines, 'close')]);
  const address = /^listening on (\S+)$/.exec(line ?? '')?.[1];
  if (address === undefined) throw new Error(line ? `the server said: ${line}` : 'the server ended before it listened');
  return address;
}

/** @param {Process} child @param {string} name */
async function success(child, name) {
  if (isRunning(child)) await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`${name} ended with ${child.signalCode ?? `exit code ${child.exitCode}`}`);
}

/** @param {Process} child */
function isRunning(child) {
  return child.exitCode === null && child.signalCode === null;
}

/** Installs what the lock file asks for, if any of it is missing or of another version. */
async function installMissing() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const complete = Object.entries(packages).every(
    ([path, { version, optional }]) => path === '' || optional || installedVersion(path) === version,
  );
  if (complete) return;
  console.error('installing dependencies …');
  const npm = spawn('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(npm, 'exit');
  if (code !== 0) throw new Error('npm ci did not succeed');
}

/** @param {string} path @returns {string | undefined} */
function installedVersion(path) {
  const file = join(root, path, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : undefined;
}
