import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { filesIn, type InstalledProject, installPackage } from './support/installed.js';

const readme = filesIn('README.md');
const contract = 'proto/calculator/v1/calculator.proto';
const generated = [
  'proto/calculator/v1/calculator_duplex.proto',
  'src/gen/calculator/v1/calculator_duplex.ts',
  'src/gen/calculator/v1/calculator.ts',
];

let project: InstalledProject;
beforeAll(async () => {
  project = await installPackage();
  project.write(contract, sample(contract));
  await project.run('duplex', 'generate', 'proto', '--out', 'src/gen');
}, 120_000);
afterAll(() => project.remove());

/** A file of the README, with an address that the test chooses. */
function sample(name: string): string {
  const text = readme.get(name);
  if (text === undefined) throw new Error(`the README shows no ${name}`);
  return text.replace("'localhost:50051'", "process.argv[2] ?? ''");
}

/** A module without `await` at its top, which CommonJS does not have. */
function inMain(text: string): string {
  const [imports, ...rest] = text.split('\n\n');
  return `${imports}\nasync function main() {\n${rest.join('\n\n')}}\nvoid main();\n`;
}

/** Compiles `src` as the given kind of module, and runs its server and its client in processes of their own. */
async function compileAndRun(type: 'module' | 'commonjs'): Promise<readonly string[]> {
  await project.compile(type);
  const server = spawn(process.execPath, [join(type, 'server.js'), 'localhost:0'], {
    cwd: project.folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void server.kill());
  const [line] = (await once(createInterface(server.stdout), 'line')) as [string];
  const printed = await project.run(process.execPath, join(type, 'client.js'), line.replace('listening on ', ''));
  return printed.trim().split('\n');
}

/** Runs something that generates anew what is there; it has to be the same. */
async function expectSame(generate: () => Promise<unknown>): Promise<void> {
  const before = generated.map(project.read);
  for (const name of generated.slice(1)) rmSync(join(project.folder, name));
  await generate();
  expect(generated.map(project.read)).toEqual(before);
}

/** What the README says that its client prints: state and callbacks in order. */
const said = /npx tsx src\/client\.ts\n```\n\n```\n(.*?)\n```/s
  .exec(readFileSync('README.md', 'utf8'))?.[1]
  ?.split('\n');

describe('the packed package, in an empty project with nothing but the packages that it names', () => {
  test('generates, compiles and runs what the README shows, and prints what it says', async () => {
    expect(said).toContain('Equals(117.65)');
    for (const name of ['src/server.ts', 'src/client.ts']) project.write(name, sample(name));
    expect(await compileAndRun('module')).toEqual(said);
  }, 120_000);

  test('does the same in a CommonJS project, which gets it by `require`', async () => {
    for (const name of ['src/server.ts', 'src/client.ts']) project.write(name, inMain(sample(name)));
    expect(await compileAndRun('commonjs')).toEqual(said);
    expect(project.read('commonjs/client.js')).toContain('require("grpc-duplex")');
  }, 120_000);

  test('loads those files of rxjs that it needs, and they are the same that the application imports', async () => {
    project.write(
      'loading.mjs',
      `
      import { createRequire } from 'node:module';
      import { connect } from 'grpc-duplex';
      import { defineContract } from 'grpc-duplex/codegen/v1';
      const { cache } = createRequire(import.meta.url);
      const files = Object.keys(cache).filter((file) => /\\brxjs\\b/.test(file)).length;
      const { Observable } = await import('rxjs');
      const contract = defineContract({ name: 'a.v1.AService', wireName: 'a.v1.ADuplexService', operations: {} });
      const { status$ } = connect(contract, 'localhost:1');
      console.log(JSON.stringify({ files, isSame: status$ instanceof Observable }));
      `,
    );
    const { files, isSame } = JSON.parse(await project.run(process.execPath, 'loading.mjs'));
    expect(files).toBeLessThan(50);
    expect(isSame).toBe(true);
  }, 60_000);

  test('is a plugin of buf, with the configuration that the documentation shows', async () => {
    for (const [name, text] of filesIn('docs/contracts.md')) project.write(name, text);
    await expectSame(() => project.run('buf', 'generate'));
    await project.run('buf', 'lint');
  }, 60_000);

  test.runIf(spawnSync('protoc', ['--version']).status === 0)(
    'is a plugin of protoc, where there is one',
    async () => {
      await expectSame(() =>
        project.run(
          'protoc',
          ...['-I', 'proto', '-I', 'node_modules/grpc-duplex/proto'],
          '--plugin=node_modules/.bin/protoc-gen-duplex',
          ...['--duplex_out=.', '--duplex_opt=wire_out=proto,ts_out=src/gen', 'calculator/v1/calculator.proto'],
        ),
      );
    },
    60_000,
  );
});
