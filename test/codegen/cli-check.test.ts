import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { check } from '../../src/cli/commands/check.js';
import { generate } from '../../src/cli/commands/generate.js';
import { createProject, type Project } from './support/cli.js';
import { buf, proto, root } from './support/compile.js';

const contract = (methods: string, note = '') =>
  proto(`service DemoService { option (duplex.v1.contract) = {}; ${methods} }
    message Note { ${note} } message Other {}`);
const ask = 'rpc Ask(Note) returns (Note);';
const tell = 'rpc Tell(Note) returns (Note);';

function git(project: Project, ...args: readonly string[]): void {
  const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.com', '-c', 'init.defaultBranch=main'];
  const { status, stderr } = spawnSync('git', [...identity, ...args], { cwd: project.folder });
  if (status !== 0) throw new Error(stderr.toString());
}

/** A project whose first version is released: generated, and committed on main. */
async function release(methods: string, note = 'int32 value = 1;'): Promise<Project> {
  const project = createProject({ 'proto/demo.proto': contract(methods, note), '.gitignore': 'node_modules' });
  await project.run(generate);
  git(project, 'init', '--quiet');
  git(project, 'add', '.');
  git(project, 'commit', '--quiet', '--message', 'first');
  return project;
}

describe('duplex check', () => {
  test('prints the findings of the rules', async () => {
    const project = createProject({ 'proto/demo.proto': contract('rpc Then(Note) returns (Note);') });
    const { code, err } = await project.run(check);
    expect(code).toBe(1);
    expect(err[0]).toContain('  name-proxy  ');
  });

  test('passes a contract that grows, shrinks and changes places', async () => {
    const project = await release(`${ask} ${tell}`);
    project.write(
      'proto/demo.proto',
      contract(`rpc New(Other) returns (Other); ${ask}`, 'int32 value = 1; int32 b = 2;'),
    );
    expect(await project.run(check, '--against', 'main')).toEqual({
      code: 0,
      out: ['no findings; compared with main'],
      err: [],
    });
  });

  test('passes a method that becomes one-way and two-way again, and no other use of what is reserved', async () => {
    const oneWay = 'rpc Ask(Note) returns (google.protobuf.Empty) { option (duplex.v1.operation).one_way = true; }';
    const project = await release(`${ask} ${tell}`);
    const releaseNext = async (methods: string) => {
      project.write('proto/demo.proto', contract(methods, 'int32 value = 1;'));
      const { err } = await project.run(check, '--against', 'main');
      expect((await project.run(generate)).err).toEqual([]);
      git(project, 'commit', '--quiet', '--all', '--message', 'next');
      return err;
    };
    expect(await releaseNext(oneWay)).toEqual([]);
    expect(project.read('proto/demo_duplex.proto')).toContain(
      'reserved 100 to 101;\n  reserved "ask_response", "tell_response";',
    );
    expect(await releaseNext(ask)).toEqual([]);
    project.write('proto/demo_duplex.proto', project.read('proto/demo_duplex.proto').replaceAll('reserved 101;', ''));
    const { err } = await project.run(check, '--against', 'main');
    expect(err.map((line) => line.split('  ')[1])).toEqual([
      'RESERVED_MESSAGE_NO_DELETE',
      'RESERVED_MESSAGE_NO_DELETE',
    ]);
  });

  test('finds a message that released peers would misread', async () => {
    const project = await release(ask);
    project.write('proto/demo.proto', contract(ask, 'string value = 1;'));
    const { code, err } = await project.run(check, '--against', 'main');
    expect(code).toBe(1);
    expect(err).toEqual([expect.stringMatching(/^proto\/demo\.proto:6:\d+ {2}FIELD_WIRE_COMPATIBLE_TYPE {2}/)]);
  });

  test('finds a method that took the number of a released one, and one that lost its own', async () => {
    const project = await release(`${ask} ${tell}`);
    project.write('proto/demo_duplex.proto', '');
    project.write('src/gen/demo_duplex.ts', '');
    project.write('proto/demo.proto', contract(`rpc New(Note) returns (Note); ${ask}`, 'int32 value = 1;'));
    const { err } = await project.run(check, '--against', 'main');
    const ours = err.filter((line) => line.includes('  evolution-number  '));
    expect(ours).toHaveLength(2);
    expect(ours[0]).toContain('DemoService.New has number 100, which was that of DemoService.Ask.');
    expect(ours[1]).toContain('DemoService.Ask had number 100, and has 101 now.');
  });

  test('finds a method that became a stream, but not one that got a reply', async () => {
    const project = await release(`${ask} rpc Told(Note) returns (google.protobuf.Empty)
      { option (duplex.v1.operation).one_way = true; }`);
    project.write(
      'proto/demo.proto',
      contract('rpc Ask(Note) returns (stream Note); rpc Told(Note) returns (Other);', 'int32 value = 1;'),
    );
    const { err } = await project.run(check, '--against', 'main');
    expect(err).toEqual([
      expect.stringMatching(/ {2}evolution-shape {2}DemoService\.Ask was request-reply, and is reply-stream now\./),
    ]);
  });

  test('compares with an image file as well', async () => {
    const project = await release(ask);
    project.write('buf.yaml', `version: v2\nmodules:\n  - path: proto\n  - path: library\n`);
    spawnSync('cp', ['-r', join(root, 'proto'), join(project.folder, 'library')]);
    buf(project.folder, 'build', '-o', 'image.binpb');
    expect(await project.run(check, '--against', 'image.binpb')).toMatchObject({ code: 0, err: [] });
    project.write('proto/demo.proto', contract(ask, 'string value = 1;'));
    expect((await project.run(check, '--against', 'image.binpb')).err).toHaveLength(1);
    buf(project.folder, 'build', '-o', 'contracts.binpb', '--exclude-path', 'proto/demo_duplex.proto');
    await expect(project.run(check, '--against', 'contracts.binpb')).rejects.toThrow('not their wire protos');
  });

  test('says so when there is no such version', async () => {
    const project = await release(ask);
    await expect(project.run(check, '--against', 'nothing')).rejects.toThrow('neither an image file nor a revision');
  });
});
