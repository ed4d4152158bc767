import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

const root = resolve(import.meta.dirname, '../..');

export default defineConfig({
  root,
  resolve: {
    alias: [
      { find: /^grpc-duplex$/, replacement: resolve(root, 'src/index.ts') },
      { find: /^grpc-duplex\/client$/, replacement: resolve(root, 'src/client/index.ts') },
      { find: /^grpc-duplex\/codegen\/v1$/, replacement: resolve(root, 'src/codegen/v1.ts') },
      { find: /^grpc-duplex\/config$/, replacement: resolve(root, 'src/config/index.ts') },
      { find: /^grpc-duplex\/testing$/, replacement: resolve(root, 'src/testing/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**', 'test/polyglot/**'],
    environment: 'node',
    pool: 'forks',
    // Not one less, as vitest has it: its own process mostly waits.
    maxWorkers: availableParallelism(),
    // Only for what hangs: how fast the machine is, and what else runs on it, is no test's business.
    testTimeout: 180_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    dangerouslyIgnoreUnhandledErrors: false,
    reporters: ['default', resolve(root, 'scripts/checks/count-reporter.ts')],
    typecheck: { enabled: false },
  },
});
