import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

const root = resolve(import.meta.dirname, '../..');

export default defineConfig({
  root,
  resolve: {
    alias: [
      { find: /^grpc-duplex$/, replacement: resolve(root, 'src/index.ts') },
      { find: /^grpc-duplex\/codegen\/v1$/, replacement: resolve(root, 'src/codegen/v1.ts') },
      { find: /^grpc-duplex\/testing$/, replacement: resolve(root, 'src/testing/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**', 'test/polyglot/**'],
    environment: 'node',
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    dangerouslyIgnoreUnhandledErrors: false,
    reporters: ['default', resolve(root, 'scripts/checks/count-reporter.ts')],
    typecheck: { enabled: false },
  },
});
