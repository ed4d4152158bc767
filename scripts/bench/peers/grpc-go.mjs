// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { buildGoProgram, goProgram } from './parts/go-program.mjs';

/**
 * A bidirectional stream of grpc-go, one message per envelope: client and
 * server are programs in Go, and the client runs whole cases.
 *
 * @type {import('../types.js').Peer}
 */
export default {
  name: 'grpc-go',
  abilities: ['sendTicks', 'receiveTicks', 'increment'],
  prepare: buildGoProgram,
  async server() {
    return start(['server']).nextLine();
  },
  async client(address) {
    const { program, nextLine } = start(['client', address]);
    return {
      async runCase(name, count) {
        program.stdin.write(`${name} ${count}\n`);
        return JSON.parse(await nextLine());
      },
      async close() {
        program.stdin.end();
        // Before its server does, which it would take for a failure.
        await once(program, 'exit');
      },
    };
  },
};

/** @param {string[]} args */
function start(args) {
  const program = spawn(goProgram, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  // It goes with this process, and this one with it.
  process.once('exit', () => program.kill());
  program.once('exit', (code) => {
    if (code !== 0) throw new Error(`bench ${args.join(' ')} ended with ${code}`);
  });
  const lines = createInterface({ input: program.stdout });
  return {
    program,
    /** @returns {Promise<string>} */
    nextLine: async () => (await once(lines, 'line'))[0],
  };
}
