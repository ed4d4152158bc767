// @ts-check
// One side of one peer, in a process of its own. The benchmark starts it and talks to it by messages.
//   worker.mjs server <peer>                   → { address }
//   worker.mjs client <peer> <address> <case>  → { ready }, then a reply to each command
//   worker.mjs first <peer> <address>          → { result }: what it took to load the peer and get a first reply

import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { caseNamed, peerNamed } from '../registry.mjs';

/**
 * @typedef {{ do: 'warm-up', ms: number }
 *   | { do: 'round', count: number }
 *   | { do: 'call', ability: import('../types.js').Ability, args: number[] }
 *   | { do: 'memory' }
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

if (role === 'server') await serve();
else if (role === 'client') await beClient();
else await meetFirst();

async function serve() {
  const peer = await peerNamed(peerName);
  answerTo(() => {});
  tell({ address: await peer.server() });
}

async function beClient() {
  const peer = await peerNamed(peerName);
  const measured = await caseNamed(caseName);
  const client = /** @type {Required<import('../types.js').BenchClient>} */ (await peer.client(address));
  const race = raceOf(measured, client);
  answerTo(async (command) => {
    if (command.do === 'call') {
      const ability = /** @type {(...args: number[]) => unknown} */ (client[command.ability]);
      return ability(...command.args);
    }
    if (race !== undefined && command.do === 'warm-up') return warmUp(race, client, command.ms);
    if (race !== undefined && command.do === 'round') return race.run(client, command.count);
    return command.do === 'leave' ? client.close() : undefined;
  });
  tell({ ready: true });
}

/**
 * How a client runs a case: a program in another language does so itself.
 *
 * @param {import('../types.js').Case} measured
 * @param {import('../types.js').BenchClient} client
 * @returns {Pick<import('../types.js').Race, 'run' | 'warmUp'> | undefined}
 */
function raceOf(measured, { runCase }) {
  if (runCase !== undefined) return { run: (_, count) => runCase(measured.name, count) };
  return 'run' in measured ? measured : undefined;
}

async function meetFirst() {
  const start = performance.now();
  const { firstReply } = await peerNamed(peerName);
  await firstReply?.(address);
  tell({ result: { ms: performance.now() - start, rss: process.memoryUsage().rss } });
}

/**
 * Runs the case for this long.
 *
 * @param {Pick<import('../types.js').Race, 'run' | 'warmUp'>} race
 * @param {Required<import('../types.js').BenchClient>} client
 * @param {number} ms
 * @returns {Promise<number>} how many messages it does in a millisecond then
 */
async function warmUp({ run, warmUp: first }, client, ms) {
  if (first === undefined) return runFor(ms, (count) => run(client, count));
  await runFor(ms / 2, (count) => first(client, count));
  return runFor(ms / 2, (count) => run(client, count));
}

/**
 * Runs with more and more messages, and returns how many it does in a
 * millisecond at best: a single run may have met with anything.
 *
 * @param {number} ms
 * @param {(count: number) => Promise<unknown>} run
 */
async function runFor(ms, run) {
  const end = performance.now() + ms;
  let best = 0;
  for (let count = 1; performance.now() < end; ) {
    const start = performance.now();
    await run(count);
    const took = performance.now() - start;
    best = Math.max(best, count / took);
    if (took < ms / 10) count *= 2;
  }
  return best;
}

/** @param {(command: Command) => unknown} act */
function answerTo(act) {
  process.on('message', async (/** @type {Command} */ command) => {
    try {
      if (command.do === 'profile') await startProfile();
      if (command.do === 'write-profile') await writeProfile(command.file);
      tell({ result: command.do === 'memory' ? await memory() : await act(command) });
    } catch (error) {
      fail(error);
    }
  });
}

async function memory() {
  // What the first one lets go, such as what waits for a finalizer, the next ones free.
  for (let times = 0; times < 3; times++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, rss };
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
