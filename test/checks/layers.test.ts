import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Files with one violation each, by path, and what the check has to say about them. */
const violations = [
  {
    what: 'an import from a higher layer',
    files: { 'src/wire/planted.ts': "export * from '../session/session.js';" },
    said: 'layer-wire: src/wire/planted.ts → src/session/session.ts',
  },
  {
    what: 'an import of types alone from a higher layer',
    files: {
      'src/session/planted-type.ts': "import type { Host } from '../server/planted.js'; export type A = Host;",
      'src/server/planted.ts': 'export interface Host {}',
    },
    said: 'layer-session: src/session/planted-type.ts → src/server/planted.ts',
  },
  {
    what: 'a type that imports where it stands',
    files: { 'src/session/planted-inline.ts': "export type B = import('../server/planted.js').Host;" },
    said: 'layer-session: src/session/planted-inline.ts → src/server/planted.ts',
  },
  {
    what: 'the client looking at the server',
    files: { 'src/client/planted.ts': "export * from '../server/planted.js';" },
    said: 'layer-client: src/client/planted.ts → src/server/planted.ts',
  },
  {
    what: 'the generator looking at what runs',
    files: { 'src/codegen/planted.ts': "export * from '../session/session.js';" },
    said: 'generator-stands-alone: src/codegen/planted.ts → src/session/session.ts',
  },
  {
    what: 'a folder without a layer',
    files: { 'src/rogue/planted.ts': "export * from '../errors.js';" },
    said: 'known-layer: src/rogue/planted.ts → src/errors.ts',
  },
  {
    what: 'a cycle of types alone',
    files: {
      'src/session/planted-a.ts': "import type { B } from './planted-b.js'; export type A = B | 1;",
      'src/session/planted-b.ts': "import type { A } from './planted-a.js'; export type B = A[];",
    },
    said: 'no-cycle: src/session/planted-a.ts → src/session/planted-b.ts → src/session/planted-a.ts',
  },
  {
    what: 'rxjs in the session',
    files: { 'src/session/planted-rxjs.ts': "export type * from 'rxjs';" },
    said: 'only-some-import-rxjs: src/session/planted-rxjs.ts',
  },
  {
    what: 'rxjs in the wire',
    files: { 'src/wire/planted-rxjs.ts': "export { Subject } from 'rxjs';" },
    said: 'only-some-import-rxjs: src/wire/planted-rxjs.ts',
  },
  {
    what: 'rxjs as a whole at run time',
    files: { 'src/client/planted-rxjs.ts': "export { Subject } from 'rxjs';" },
    said: 'rxjs-in-pieces: src/client/planted-rxjs.ts',
  },
  {
    what: 'grpc-js in the client',
    files: { 'src/client/planted-grpc.ts': "export { Client } from '@grpc/grpc-js';" },
    said: 'only-some-import-@grpc/grpc-js: src/client/planted-grpc.ts',
  },
  {
    what: 'grpc-js in the transport, but outside its folder',
    files: { 'src/transport/planted-grpc.ts': "export type * from '@grpc/grpc-js';" },
    said: 'only-some-import-@grpc/grpc-js: src/transport/planted-grpc.ts',
  },
  {
    what: 'proto-loader in the contract, but outside its file',
    files: { 'src/contract/planted-loader.ts': "export type * from '@grpc/proto-loader';" },
    said: 'only-some-import-@grpc/proto-loader: src/contract/planted-loader.ts',
  },
  {
    what: 'a Node module in the session',
    files: { 'src/session/planted-node.ts': "export { hostname } from 'node:os';" },
    said: 'engine-runs-anywhere: src/session/planted-node.ts → os',
  },
  {
    what: 'an import that leads nowhere',
    files: { 'src/calls/planted.ts': "export * from './not-there.js';" },
    said: 'resolvable: src/calls/planted.ts → ./not-there.js',
  },
];

interface Outcome {
  readonly status: number | null;
  readonly output: string;
}

/** The layer check as `npm run check` runs it, on the src folder in `folder`. */
function checkLayers(folder: string): Outcome {
  const tool = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [tool, '--config', join(root, 'scripts/checks/layers.config.mjs'), 'src'];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  return { status, output: stdout.replaceAll(/\s+/g, ' ') };
}

/** Checks a copy of src with violations in it. The copy lies inside the project so that packages resolve. */
function checkPlanted(): Outcome {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const copy = mkdtempSync(join(root, '.cache/layers-'));
  try {
    cpSync(join(root, 'src'), join(copy, 'src'), { recursive: true });
    for (const [path, text] of violations.flatMap(({ files }) => Object.entries(files))) {
      mkdirSync(dirname(join(copy, path)), { recursive: true });
      writeFileSync(join(copy, path), text);
    }
    return checkLayers(copy);
  } finally {
    rmSync(copy, { recursive: true });
  }
}

describe('the layer check', () => {
  let planted: Outcome;
  beforeAll(() => {
    planted = checkPlanted();
  });

  it('has nothing to say about the sources as they are', () => {
    const { status, output } = checkLayers(root);
    expect(output).toContain('no dependency violations found');
    expect(status).toBe(0);
  });

  it('fails when there is a violation', () => {
    expect(planted.status).toBeGreaterThan(0);
  });

  it.each(violations.map(({ what, said }) => [what, said]))('names %s', (_, said) => {
    expect(planted.output).toContain(said);
  });
});
