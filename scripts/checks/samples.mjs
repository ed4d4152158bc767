// @ts-check
// Takes the TypeScript samples out of the documentation and compiles them, so that none of them shows what is not so.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const folder = join(root, '.cache/samples');
const examples = readdirSync(join(root, 'examples'));
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name)),
  ...examples.map((name) => `examples/${name}/README.md`),
].filter((page) => page.endsWith('.md'));
/** What stands before the text of a file: test/package compiles and runs those, as a newcomer would. */
const introduction = /`[\w./-]+`:\n\n$/;

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
/** Where each sample stands: its file, and the page and line of its first line. @type {Map<string, { page: string, line: number }>} */
const places = new Map();
for (const page of pages) {
  const text = readFileSync(join(root, page), 'utf8');
  for (const block of text.matchAll(/^```ts\n(.*?)^```$/gms)) {
    if (introduction.test(text.slice(0, block.index))) continue;
    const line = text.slice(0, block.index).split('\n').length + 1;
    const file = `${page.replaceAll(/\W/g, '-')}-${line}.ts`;
    writeFileSync(join(folder, file), `${block[1]}\nexport {};\n`);
    places.set(file, { page, line });
  }
}
const config = {
  extends: '../../tsconfig.json',
  compilerOptions: {
    noUnusedLocals: false,
    // A sample imports generated code as if it stood beside it.
    rootDirs: ['.', '../../test/support', ...examples.map((name) => `../../examples/${name}`)],
    paths: {
      'grpc-duplex': ['../../src/index.ts'],
      'grpc-duplex/*': ['../../src/*/index.ts', '../../src/*.ts'],
    },
  },
  include: ['*.ts', '../../scripts/checks/samples.d.ts'],
};
writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
const { status, stdout } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], {
  cwd: folder,
  encoding: 'utf8',
});
for (const line of stdout.split('\n').filter((text) => text !== '')) {
  const [, file = '', row, message] = /^([\w-]+\.ts)\((\d+),\d+\): (.*)$/.exec(line) ?? [];
  const place = places.get(file);
  console.log(place === undefined ? line : `${place.page}:${place.line + Number(row) - 1} ${message}`);
}
if (status === 0) console.log(`${places.size} samples in ${pages.length} pages`);
process.exitCode = status ?? 1;
