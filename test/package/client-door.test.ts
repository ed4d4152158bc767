import { cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createHost } from 'grpc-duplex';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createCalculator } from '../../examples/calculator/calculator.js';
import { Calculator } from '../../examples/calculator/gen/calculator/v1/calculator_duplex.js';
import { type InstalledProject, installPackage } from './support/installed.js';

/** Has a call answered and prints which files of the package that took. */
const clientOf = (door: string) => `
import { Session } from 'node:inspector';

const urls: string[] = [];
const inspector = new Session();
inspector.connect();
inspector.on('Debugger.scriptParsed', ({ params }) => urls.push(params.url));
inspector.post('Debugger.enable');

const { connect } = await import('${door}');
const { Calculator } = await import('./gen/calculator/v1/calculator_duplex.js');
const calculator = connect(Calculator, process.argv[2]!);
await calculator.service.addTo({ n: 1 });
await calculator.close();
console.log(JSON.stringify(urls.filter((url) => url.includes('/grpc-duplex/dist/'))));
`;

/** What only a service runs. */
const servicesHalf =
  /^src\/(server|testing|gen\/grpc)\/|^src\/transport\/grpc\/(listener|plain-methods|service-\w+)\.ts$/;

let project: InstalledProject;
beforeAll(async () => {
  project = await installPackage();
  cpSync('examples/calculator/gen', join(project.folder, 'src/gen'), { recursive: true });
  project.write('src/small.ts', clientOf('grpc-duplex/client'));
  project.write('src/whole.ts', clientOf('grpc-duplex'));
  await project.compile('module');
}, 120_000);
afterAll(() => project.remove());

/** The sources of which the files are made that a client program has loaded. */
async function sourcesOf(program: string): Promise<readonly string[]> {
  const host = createHost();
  onTestFinished(async () => void (await host.stop()));
  host.add(Calculator, createCalculator);
  const { address } = await host.listen('127.0.0.1:0');
  const urls = JSON.parse(await project.run(process.execPath, join('module', program), address)) as string[];
  return urls.flatMap((url) => {
    const file = url.slice(url.indexOf('node_modules/'));
    const { sources } = JSON.parse(project.read(`${file}.map`)) as { sources: string[] };
    return sources.map((source) => join(dirname(file), source).replace('node_modules/grpc-duplex/', ''));
  });
}

describe('the door for programs that are only clients', () => {
  test('exports what the package exports as well, and the very same', async () => {
    project.write(
      'exports.mjs',
      `
      import * as client from 'grpc-duplex/client';
      import * as whole from 'grpc-duplex';
      const names = Object.keys(client);
      console.log(JSON.stringify({ names, others: names.filter((name) => client[name] !== whole[name]) }));
      `,
    );
    const { names, others } = JSON.parse(await project.run(process.execPath, 'exports.mjs'));
    expect(names).toEqual(expect.arrayContaining(['connect', 'createChannelFactory', 'DuplexError', 'Fault']));
    expect(names).not.toContain('createHost');
    expect(others).toEqual([]);
  });

  test('loads nothing of the service’s half, up to a call that is answered', async () => {
    const sources = await sourcesOf('small.js');
    expect(sources).toEqual(expect.arrayContaining(['src/client/connect.ts', 'src/contract/define-contract.ts']));
    expect(sources.filter((source) => servicesHalf.test(source))).toEqual([]);
    // Which the other door does load.
    expect(await sourcesOf('whole.js')).toContain('src/server/host.ts');
  });
});
