import { cpSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InstalledProject, installPackage } from './support/installed.js';

const root = resolve(import.meta.dirname, '../..');

let project: InstalledProject;
beforeAll(async () => {
  project = await installPackage('vitest', 'jest', 'tsx');
  for (const name of ['calculator.ts', 'gen']) {
    cpSync(join(root, 'examples/calculator', name), join(project.folder, 'src', name), { recursive: true });
  }
  await project.compile('module');
}, 120_000);
afterAll(() => project.remove());

/** The test that docs/testing.md shows for a runner. */
function sampleFor(runner: string): string {
  const page = readFileSync(join(root, 'docs/testing.md'), 'utf8');
  const [, sample] = new RegExp(`^## With ${runner}$.*?^\`\`\`\\w+\\n(.*?)^\`\`\`$`, 'ms').exec(page) ?? [];
  if (sample === undefined) throw new Error(`docs/testing.md shows no test for ${runner}`);
  return sample;
}

const script = (name: string): string => join('node_modules', name);

test('the test kit works with node:test, as the documentation shows', async () => {
  project.write('src/calculator.test.ts', sampleFor('node:test'));
  const printed = await project.run('node', '--import', 'tsx', '--test', 'src/calculator.test.ts');
  expect(printed).toMatch(/pass 1\b/);
}, 120_000);

test('the test kit works with vitest, as the documentation shows', async () => {
  project.write('src/calculator.test.ts', sampleFor('vitest'));
  const printed = await project.run('node', script('vitest/vitest.mjs'), 'run', '--root', 'src');
  expect(printed).toMatch(/1 passed/);
}, 120_000);

test('the test kit works with jest, as the documentation shows', async () => {
  project.write('module/calculator.test.js', sampleFor('jest'));
  const options = ['--rootDir', 'module', '--json'];
  const printed = await project.run('node', '--experimental-vm-modules', script('jest/bin/jest.js'), ...options);
  expect(JSON.parse(printed)).toMatchObject({ numPassedTests: 1, success: true });
}, 120_000);
