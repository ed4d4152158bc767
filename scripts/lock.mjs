// @ts-check
// A lock between processes. Node built-ins only: it also guards the installation of everything else.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const BEAT_MS = 1_000;
const STALE_MS = 10_000;

/**
 * Runs `work` while no other process holds the lock file. The holder touches
 * the file every second; one that was not touched for ten belongs to a process
 * that is gone and is taken over.
 *
 * @template Result
 * @param {string} file
 * @param {() => Promise<Result>} work
 * @returns {Promise<Result>}
 */
export async function withLock(file, work) {
  const token = randomUUID();
  await mkdir(dirname(file), { recursive: true });
  while (!(await take(file, token))) {
    await removeStale(file);
    await sleep(100);
  }
  const beat = setInterval(() => void touch(file), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if ((await read(file)) === token) await rm(file, { force: true });
  }
}

/** @param {string} file @param {string} token */
async function take(file, token) {
  try {
    await writeFile(file, token, { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Moves an abandoned lock out of the way. The rename is atomic, so that of
 * several waiters one succeeds; should it have caught a fresh lock instead of
 * the abandoned one, it puts it back.
 *
 * @param {string} file
 */
async function removeStale(file) {
  const [token, age] = await Promise.all([read(file), ageMs(file)]);
  if (token === undefined || age < STALE_MS) return;
  const aside = `${file}.${randomUUID()}`;
  await rename(file, aside).catch(() => {});
  const caught = await read(aside);
  if (caught !== undefined && caught !== token) await take(file, caught);
  await rm(aside, { force: true });
}

/** @param {string} file @returns {Promise<string | undefined>} */
const read = (file) => readFile(file, 'utf8').catch(() => undefined);

/** @param {string} file @returns {Promise<number>} */
const ageMs = (file) =>
  stat(file).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );

/** @param {string} file @returns {Promise<void>} */
const touch = (file) => utimes(file, new Date(), new Date()).catch(() => {});
