// @ts-check
// Server and client of one peer, each in a process of its own.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { heldUpMs } from './held-up.mjs';

/**
 * @typedef {import('node:child_process').ChildProcess} Process
 * @typedef {import('./worker.mjs').Command} Command
 */

/** Nothing that the benchmark asks for takes longer than this, unless it hangs. */
const TIME_LIMIT_MS = 300_000;

/** @type {Set<Process>} */
const running = new Set();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One peer at work on one case. */
export class Pair {
  /** Messages in a millisecond, once it is warm. */
  #rate = 0;
  /** @readonly */
  name;
  #address;
  #server;
  #client;

  /**
   * Starts both and connects them.
   *
   * @param {string} peer
   * @param {string} caseName
   */
  static async start(peer, caseName) {
    const server = start('server', peer);
    const { address } = await message(server, peer);
    const client = start('client', peer, address, caseName);
    await message(client, peer, server);
    return new Pair(peer, address, server, client);
  }

  /** @param {string} name @param {string} address @param {Process} server @param {Process} client */
  constructor(name, address, server, client) {
    this.name = name;
    this.#address = address;
    this.#server = server;
    this.#client = client;
  }

  /** @param {number} ms */
  async warmUp(ms) {
    this.#rate = await this.#ask(this.#client, { do: 'warm-up', ms });
  }

  /**
   * Runs the case for about this long. The figures come with the part of the
   * time for which other programs held up the server or the client.
   *
   * @param {number} ms
   * @returns {Promise<{ figures: Record<string, number>, heldUp: number }>}
   */
  async round(ms) {
    const pids = [this.#server.pid ?? 0, this.#client.pid ?? 0];
    const before = await Promise.all(pids.map(heldUpMs));
    const start = performance.now();
    const figures = await this.#ask(this.#client, { do: 'round', count: Math.max(1, Math.round(this.#rate * ms)) });
    const took = performance.now() - start;
    const after = await Promise.all(pids.map(heldUpMs));
    return { figures, heldUp: Math.max(...after.map((value, side) => value - (before[side] ?? 0))) / took };
  }

  /** What a client's ability returns. @param {import('../types.js').Ability} ability @param {...number} args */
  async call(ability, ...args) {
    return this.#ask(this.#client, { do: 'call', ability, args });
  }

  /** Bytes in use after a full collection. @param {'server' | 'client'} side @returns {Promise<{ heap: number, rss: number }>} */
  async memory(side) {
    return this.#ask(side === 'server' ? this.#server : this.#client, { do: 'memory' });
  }

  /** What one more client, in a process of its own, takes from its first import to its first reply. @returns {Promise<{ ms: number, rss: number }>} */
  async meetFirst() {
    const fresh = start('first', this.name, this.#address);
    const { result } = await message(fresh, this.name);
    fresh.disconnect();
    return result;
  }

  async profile() {
    await Promise.all([this.#server, this.#client].map((child) => this.#ask(child, { do: 'profile' })));
  }

  /** @param {{ server: string, client: string }} files */
  async writeProfiles({ server, client }) {
    await this.#ask(this.#server, { do: 'write-profile', file: server });
    await this.#ask(this.#client, { do: 'write-profile', file: client });
  }

  /** Resolves with what the client has to report. @returns {Promise<string | undefined>} */
  async stop() {
    const remark = await this.#ask(this.#client, { do: 'leave' });
    for (const child of [this.#client, this.#server]) child.disconnect();
    return remark;
  }

  /** @param {Process} child @param {Command} command */
  async #ask(child, command) {
    child.send(command);
    return (await message(child, this.name, child === this.#client ? this.#server : this.#client)).result;
  }
}

/** @param {...string} args */
function start(...args) {
  const child = fork(join(import.meta.dirname, 'worker.mjs'), args, { execArgv: ['--expose-gc'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/**
 * The next message of a process. Fails as well if the other one fails, for
 * then there may never be one.
 *
 * @param {Process} child
 * @param {string} peer
 * @param {Process} [other]
 * @returns {Promise<any>}
 */
function message(child, peer, other) {
  const children = other === undefined ? [child] : [child, other];
  const ended = new AbortController();
  return new Promise((resolve, reject) => {
    const fail = (/** @type {string} */ reason) => reject(new Error(`${peer}: ${reason}`));
    const timer = setTimeout(fail, TIME_LIMIT_MS, `no answer within ${TIME_LIMIT_MS / 1_000} s`);
    for (const each of children) {
      const take = (/** @type {any} */ answer) => {
        if ('failure' in answer) fail(answer.failure);
        else if (each === child) resolve(answer);
      };
      const exited = (/** @type {number | null} */ code) => fail(`a process ended with ${code}`);
      each.on('message', take).on('exit', exited);
      ended.signal.addEventListener('abort', () => each.removeListener('message', take).removeListener('exit', exited));
    }
    ended.signal.addEventListener('abort', () => clearTimeout(timer));
  }).finally(() => ended.abort());
}
