// @ts-check
// Packages of peers, installed into a folder of the benchmark's own so that `npm ci` stays small.
import { spawn } from 'node:child_process';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const list = join(import.meta.dirname, '../../packages.json');
const root = resolve(import.meta.dirname, '../../../..');
const folder = join(root, '.cache/bench/peers');
const lock = join(folder, 'node_modules/.package-lock.json');

/** @type {Promise<string | undefined> | undefined} */
let installing;

/** Installs them, unless they are there. Resolves with what is in the way if that cannot be done, for example without a network. */
export function installPackages() {
  installing ??= install();
  return installing;
}

async function install() {
  const wanted = JSON.parse(await readFile(list, 'utf8')).dependencies;
  if (await areInstalled(wanted)) return undefined;
  console.error('installing what is compared with …');
  await mkdir(folder, { recursive: true });
  await copyFile(list, join(folder, 'package.json'));
  return run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder });
}

/** @param {Record<string, string>} wanted */
async function areInstalled(wanted) {
  try {
    const { packages } = JSON.parse(await readFile(lock, 'utf8'));
    return Object.entries(wanted).every(([name, version]) => packages[`node_modules/${name}`]?.version === version);
  } catch {
    return false;
  }
}

/** Loads one of them. Their types are not installed where the type checker looks. @param {string} name @returns {any} */
export function requirePackage(name) {
  return createRequire(join(folder, 'package.json'))(name);
}

/** The same for one that is an ES module. @param {string} name @returns {Promise<any>} */
export function importPackage(name) {
  return import(pathToFileURL(createRequire(join(folder, 'package.json')).resolve(name)).href);
}

/** Where a peer's generated code goes: beside the packages that it imports. @param {string} name */
export function generatedIn(name) {
  return join(folder, 'generated', name);
}

/**
 * Runs a command that the packages bring, or the project, in the project's
 * root; resolves with what is in the way if it fails.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string> }} [where]
 */
export function run(command, args, { cwd = root, env = {} } = {}) {
  const bins = [join(folder, 'node_modules/.bin'), join(root, 'node_modules/.bin'), process.env['PATH']];
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env, PATH: bins.join(delimiter) },
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  return new Promise((/** @type {(reason: string | undefined) => void} */ done) => {
    child.on('error', (error) => done(error.message));
    child.on('exit', (code) => done(code === 0 ? undefined : `${command} ended with ${code}`));
  });
}
