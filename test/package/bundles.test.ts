import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InstalledProject, installPackage } from './support/installed.js';

/** Makes a call to a service of its own, and prints how many of its observables are those of the application's rxjs. */
const application = `
import { connect, createHost } from 'grpc-duplex';
import { Observable } from 'rxjs';
import { Calculator } from './gen/calculator/v1/calculator_duplex.js';

const host = createHost();
const service = host.add(Calculator, () => ({ addTo() {} }));
const { address } = await host.listen('127.0.0.1:0');
const client = connect(Calculator, address);
await client.service.addTo({ n: 1 });
const { status$, state$, callback$, callbacks } = client;
const observables = [status$, state$, callback$, callbacks.equals$, service.sessions$];
console.log(observables.filter((each) => each instanceof Observable).length, 'of', observables.length);
await client.close();
await host.stop();
`;

let project: InstalledProject;
beforeAll(async () => {
  project = await installPackage();
  cpSync('examples/calculator/gen', join(project.folder, 'gen'), { recursive: true });
  project.write('main.ts', application);
}, 120_000);
afterAll(() => project.remove());

test.each([
  { title: 'with rxjs in it', external: ['@grpc/grpc-js'] },
  { title: 'that leaves rxjs outside', external: ['@grpc/grpc-js', 'rxjs'] },
  {
    title: 'that leaves rxjs outside, for conditions of its own',
    external: ['@grpc/grpc-js', 'rxjs'],
    conditions: ['own'],
  },
])(
  'a bundle of ES modules $title makes calls and has one rxjs',
  async ({ external, conditions = [] }) => {
    await build({
      absWorkingDir: project.folder,
      entryPoints: ['main.ts'],
      outfile: join(project.folder, 'bundle.mjs'),
      bundle: true,
      platform: 'node',
      format: 'esm',
      external,
      ...(conditions.length > 0 && { conditions }),
      // Not what this repository says in its own.
      tsconfigRaw: {},
      logLevel: 'error',
    });
    expect(await project.run(process.execPath, 'bundle.mjs')).toBe('5 of 5\n');
  },
  60_000,
);
