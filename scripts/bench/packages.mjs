// @ts-check
// Packages of peers, installed into a folder of the benchmark's own so that `npm ci` stays small.
import { spawn } from 'node:child_process';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const list = join(import.meta.dirname, 'packages.json');
const folder = resolve(import.meta.dirname, '../../.cache/bench/peers');
const lock = join(folder, 'node_modules/.package-lock.json');

/** Installs them, unless they are there. False if that cannot be done, for example without a network. */
export async function installPackages() {
  const wanted = JSON.parse(await readFile(list, 'utf8')).dependencies;
  if (await areInstalled(wanted)) return true;
  console.error('installing what is compared with …');
  await mkdir(folder, { recursive: true });
  await copyFile(list, join(folder, 'package.json'));
  const npm = spawn('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  return new Promise((done) => {
    npm.on('error', () => done(false));
    npm.on('exit', (code) => done(code === 0));
  });
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
