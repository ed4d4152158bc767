// @ts-check
import { mkdir } from 'node:fs/promises';
import { generatedIn, installPackages, requirePackage, run } from './parts/packages.mjs';

const code = generatedIn('protobufjs.cjs');

/**
 * The same envelope by static code of protobufjs. No connection: the messages are written and read in one process.
 *
 * @type {import('../types.js').Peer}
 */
export default {
  name: 'protobufjs',
  abilities: ['recode'],
  prepare: async () => (await installPackages()) ?? (await generate()),
  server: async () => '',
  async client() {
    const { BenchClientEnvelope } = requirePackage(code).testing.v1;
    return {
      async recode(count) {
        const tally = { count: 0, sum: 0 };
        for (let value = 0; value < count; value++) {
          const bytes = BenchClientEnvelope.encode({
            ...{ seq: value + 1, ack: value, callId: value + 1 },
            increment: { value },
          }).finish();
          const { increment } = BenchClientEnvelope.decode(bytes);
          tally.count += 1;
          tally.sum += increment.value;
        }
        return tally;
      },
      close() {},
    };
  },
};

async function generate() {
  await mkdir(generatedIn(''), { recursive: true });
  const protos = ['-p', 'proto', '-p', 'test/support/proto', 'testing/v1/bench_duplex.proto'];
  return run('pbjs', ['-t', 'static-module', '-w', 'commonjs', '--force-number', '-o', code, ...protos]);
}
