import type { KnipConfig } from 'knip';

export default {
  entry: [
    'src/index.ts',
    'src/client/index.ts',
    'src/codegen/v1.ts',
    'src/load.ts',
    'src/config/index.ts',
    'src/testing/index.ts',
    'src/cli/*.ts',
    'scripts/**/*.{mjs,ts}',
    'test/**/*.test.ts',
    // Started as processes of their own.
    'test/support/{everything-client,everything-host,listening-client}.ts',
    'test/support/measured-host.ts',
    'test/types/*.ts',
    'test/codegen/*.{ts,mjs}',
    'examples/*/*.ts',
  ],
  project: ['src/**/*.ts', 'scripts/**/*.{mjs,ts}', 'test/**/*.ts', 'examples/**/*.ts'],
  // A type that appears in what is exported beside it is exported for whoever reads that.
  ignoreExportsUsedInFile: { interface: true, type: true },
  ignoreIssues: { '**/gen/**': ['exports', 'types', 'files'] },
  ignoreDependencies: [
    // Started by name: by the checks, by the generator and by the demo.
    '@arethetypeswrong/cli',
    'publint',
    'ts-proto',
    'typescript-7',
    // Started by test/package, as the documentation says.
    'jest',
    // Named by the recipes of the documentation, which test/package compiles and runs.
    '@nestjs/*',
    '@types/express',
    'express',
    'reflect-metadata',
  ],
  // Of the machine, where it has one.
  ignoreBinaries: ['apt-get', 'go', 'ip', 'protoc'],
} satisfies KnipConfig;
