// @ts-check
import { readFile } from 'node:fs/promises';

const NS_PER_MS = 1_000_000;

/**
 * For how many milliseconds the main thread of a process was ready to run and
 * something else ran in its place, since it started. Always 0 where the
 * system does not say (all but Linux).
 *
 * @param {number} pid
 */
export async function heldUpMs(pid) {
  try {
    const [, waited] = (await readFile(`/proc/${pid}/task/${pid}/schedstat`, 'utf8')).split(' ');
    return Number(waited) / NS_PER_MS;
  } catch {
    return 0;
  }
}
