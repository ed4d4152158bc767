// @ts-check
// Every file in cases/ is a case, every file in peers/ is a peer, of the name of the file.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The peer that is this library; every other one is compared with it. */
export const OURS = 'grpc-duplex';

/** @returns {Promise<import('./types.js').Case[]>} */
export function allCases() {
  return loadAll('cases');
}

/** Those that can be measured here, ready to run; tells of the others. @returns {Promise<import('./types.js').Peer[]>} */
export async function readyPeers() {
  const peers = /** @type {import('./types.js').Peer[]} */ (await loadAll('peers'));
  const ready = [];
  for (const peer of peers) {
    const inTheWay = await peer.prepare?.();
    if (inTheWay === undefined) ready.push(peer);
    else console.error(`without ${peer.name}: ${inTheWay}`);
  }
  return ready;
}

/** @param {string} name @returns {Promise<import('./types.js').Case>} */
export function caseNamed(name) {
  return load('cases', name);
}

/** Loads no other peer: their packages must not burden the process. @param {string} name @returns {Promise<import('./types.js').Peer>} */
export function peerNamed(name) {
  return load('peers', name);
}

/** @param {'cases' | 'peers'} folder */
async function loadAll(folder) {
  const names = await namesIn(folder);
  return Promise.all(names.map((name) => load(folder, name)));
}

/** @param {'cases' | 'peers'} folder @param {string} name */
async function load(folder, name) {
  const names = await namesIn(folder);
  if (!names.includes(name)) throw new Error(`no "${name}" in ${folder}; there are ${names.join(', ')}`);
  const { default: loaded } = await import(join(import.meta.dirname, folder, `${name}.mjs`));
  if (loaded.name !== name) throw new Error(`${folder}/${name}.mjs calls itself ${loaded.name}`);
  return loaded;
}

/** @param {'cases' | 'peers'} folder */
async function namesIn(folder) {
  const files = await readdir(join(import.meta.dirname, folder));
  return files
    .filter((file) => file.endsWith('.mjs'))
    .sort()
    .map((file) => file.slice(0, -'.mjs'.length));
}
