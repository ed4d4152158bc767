import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { generate } from '../../src/cli/commands/generate.js';
import { createProject } from './support/cli.js';
import { proto } from './support/compile.js';

const contract = (rpc = 'Ask') =>
  proto(`service DemoService { option (duplex.v1.contract) = {}; rpc ${rpc}(Note) returns (Note); }\nmessage Note {}`);

describe('duplex generate', () => {
  test('finds the protos, brings the options, and writes what the plugin writes', async () => {
    const project = createProject({ 'proto/demo/v1/demo.proto': contract() });
    const { code, out, err } = await project.run(generate);
    expect({ code, err }).toEqual({ code: 0, err: [] });
    expect(out).toEqual([
      'wrote  proto/demo/v1/demo_duplex.proto',
      'wrote  src/gen/demo/v1/demo_duplex.ts',
      'wrote  src/gen/demo/v1/demo.ts',
    ]);
    expect(project.read('proto/demo/v1/demo_duplex.proto')).toContain('Note ask = 100;');
    expect(await project.run(generate)).toEqual({ code: 0, out: ['nothing to do'], err: [] });
  });

  test('writes where it is told, and reads the numbers there', async () => {
    const project = createProject({ 'api/demo/v1/demo.proto': contract() });
    await project.run(generate, 'api', '--out', 'deep/gen', '--wire-out', 'wire', '--opt', 'importSuffix=.ts');
    expect(project.read('deep/gen/demo/v1/demo_duplex.ts')).toContain("from './demo.ts'");
    project.write('api/demo/v1/demo.proto', contract('Beg'));
    await project.run(generate, 'api', '--out', 'deep/gen', '--wire-out', 'wire');
    expect(project.read('wire/demo/v1/demo_duplex.proto')).toContain('Note beg = 101;');
    expect(existsSync(join(project.folder, 'api/demo/v1/demo_duplex.proto'))).toBe(false);
  });

  test('takes single files, imported from proto or from a folder that is included', async () => {
    const project = createProject({
      'proto/demo/v1/demo.proto': contract()
        .replace('message Note {}', 'import "shared/v1/note.proto";')
        .replaceAll('Note', 'shared.v1.Note'),
      'proto/demo/v1/other.proto': 'this is no proto',
      'vendor/shared/v1/note.proto': 'syntax = "proto3"; package shared.v1; message Note {}',
    });
    const { err } = await project.run(generate, 'proto/demo/v1/demo.proto', '--include', 'vendor');
    expect(err).toEqual([]);
    expect(existsSync(join(project.folder, 'src/gen/shared/v1/note.ts'))).toBe(true);
  });

  test('with --check writes nothing, and lists what differs', async () => {
    const project = createProject({ 'proto/demo.proto': contract() });
    const before = await project.run(generate, '--check');
    expect(before.code).toBe(1);
    expect(before.err.slice(1)).toEqual(['  proto/demo_duplex.proto', '  src/gen/demo_duplex.ts', '  src/gen/demo.ts']);
    expect(existsSync(join(project.folder, 'src'))).toBe(false);
    await project.run(generate);
    expect(await project.run(generate, '--check')).toMatchObject({ code: 0 });
    project.write('src/gen/demo.ts', '');
    expect((await project.run(generate, '--check')).err.slice(1)).toEqual(['  src/gen/demo.ts']);
  });

  test('shows what is wrong by place, rule and hint, and writes nothing', async () => {
    const project = createProject({
      'proto/demo.proto': contract('Then'),
      'proto/wrong.proto': 'syntax = "proto3";\nmessage A { B b = 1; }',
    });
    const compiled = await project.run(generate);
    expect(compiled).toMatchObject({ code: 1, out: [] });
    expect(compiled.err).toEqual([
      expect.stringMatching(/^proto\/wrong\.proto:2:13 {2}proto-compile {2}.*`B`.*\. {2}\S/),
    ]);
    const { err } = await project.run(generate, 'proto/demo.proto');
    expect(err).toEqual([expect.stringMatching(/^proto\/demo\.proto:5:57 {2}name-proxy {2}\S.*\. {2}\S.*\.$/)]);
    expect(existsSync(join(project.folder, 'src'))).toBe(false);
  });

  test('says so where there is no contract, and which import is missing where one cannot be read', async () => {
    const project = createProject({ 'proto/demo.proto': contract().replace(/option .*?;/, '') });
    const [first, ...written] = (await project.run(generate)).out;
    expect(first).toBe('no contracts: no service has the option (duplex.v1.contract)');
    expect(written).toEqual(['wrote  src/gen/demo.ts']);
    project.write('proto/demo.proto', contract().replace('import "duplex/v1/contract.proto";', ''));
    const { err } = await project.run(generate);
    expect(err).toEqual([expect.stringMatching(/ {2}Add import "duplex\/v1\/contract\.proto"; to the file\.$/)]);
  });

  test('names the wire proto by its own path when its numbers are broken', async () => {
    const project = createProject({ 'proto/demo.proto': contract() });
    await project.run(generate);
    const broken = project.read('proto/demo_duplex.proto').replace('Note ask = 100;', '<<<<<<< ours\nNote ask = 100;');
    project.write('proto/demo_duplex.proto', broken.replaceAll('\n    <<<<<<<', '\n<<<<<<<'));
    const { err } = await project.run(generate);
    expect(err[0]).toMatch(/^proto\/demo_duplex\.proto:\d+:1 {2}number-record-broken {2}/);
  });

  test.each([
    [['missing'], 'no such file or folder: missing'],
    [['--include', 'missing'], 'no such folder: missing'],
    [['empty'], 'no protos in empty'],
    [['--bogus'], "Unknown option '--bogus'"],
  ])('refuses a command line that names nothing: %j', async (args, message) => {
    const project = createProject({ 'proto/demo.proto': contract(), 'empty/.keep': '' });
    await expect(project.run(generate, ...args)).rejects.toThrow(message);
  });

  test('with --watch generates again when a proto changes, and goes on after a mistake', async () => {
    const project = createProject({ 'proto/demo.proto': contract() });
    const lines: string[] = [];
    const ended = new AbortController();
    const print = (line: string) => lines.push(line);
    const host = { cwd: project.folder, out: print, err: print, signal: ended.signal };
    const code = generate(['--watch'], host);
    const sees = (text: string) => vi.waitFor(() => expect(lines.join('\n')).toContain(text), { timeout: 20_000 });
    await sees('wrote  src/gen/demo.ts');
    project.write('proto/demo.proto', contract('Then'));
    await sees('name-proxy');
    project.write('proto/demo.proto', contract('Beg'));
    await vi.waitFor(() => expect(project.read('src/gen/demo_duplex.ts')).toContain("name: 'Beg', number: 101"), {
      timeout: 20_000,
    });
    ended.abort();
    expect(await code).toBe(0);
  });
});
