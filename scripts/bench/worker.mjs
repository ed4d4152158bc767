// @ts-check
// One side of one peer, in a process of its own. The benchmark starts it and talks to it by messages.
//   worker.mjs server <peer>                   → { address }
//   worker.mjs client <peer> <address> <case>  → { ready }, then a reply to each command
import { Session } from 'node:inspector/promises';
import { writeFile } from 'node:fs/promises';
import { caseNamed, peerNamed } from './registry.mjs';

/**
 * @typedef {{ do: 'warm-up', ms: number }
 *   | { do: 'round', count: number }
 *   | { do: 'profile' }
 *   | { do: 'write-profile', file: string }
 *   | { do: 'leave' }} Command
 */

const [role, peerName = '', address = '', caseName = ''] = process.argv.slice(2);
const profiler = new Session();

// The benchmark is gone: nobody would end this process.
process.on('disconnect', () => process.exit());
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

const peer = await peerNamed(peerName);
if (role === 'server') {
  answerTo(() => {});
  tell({ address: await peer.server() });
} else {
  const measured = await caseNamed(caseName);
  const client = /** @type {Required<import('./types.js').BenchClient>} */ (await peer.client(address));
  answerTo(async (command) => {
    if (command.do === 'warm-up') return warmUp(measured, client, command.ms);
    if (command.do === 'round') return measured.run(client, command.count);
    if (command.do === 'leave') return client.close();
  });
  tell({ ready: true });
}

/**
 * Runs the case for this long, with more messages each time.
 *
 * @param {import('./types.js').Case} measured
 * @param {Required<import('./types.js').BenchClient>} client
 * @param {number} ms
 * @returns {Promise<number>} how many messages it does in a millisecond at last
 */
async function warmUp(measured, client, ms) {
  const end = performance.now() + ms;
  for (let count = 100; ; count *= 2) {
    const start = performance.now();
    await measured.run(client, count);
    const now = performance.now();
    if (now + (now - start) > end) return count / (now - start);
  }
}

/** @param {(command: Command) => unknown} act */
function answerTo(act) {
  process.on('message', async (/** @type {Command} */ command) => {
    try {
      if (command.do === 'profile') await startProfile();
      const result = command.do === 'write-profile' ? await writeProfile(command.file) : await act(command);
      tell({ result });
    } catch (error) {
      fail(error);
    }
  });
}

async function startProfile() {
  profiler.connect();
  await profiler.post('Profiler.enable');
  await profiler.post('Profiler.setSamplingInterval', { interval: 250 });
  await profiler.post('Profiler.start');
}

/** @param {string} file */
async function writeProfile(file) {
  const { profile } = await profiler.post('Profiler.stop');
  await writeFile(file, JSON.stringify(profile));
}

/** @param {object} message */
function tell(message) {
  process.send?.(message);
}

/** @param {unknown} error */
function fail(error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.send?.({ failure: text }, () => process.exit(1));
}
