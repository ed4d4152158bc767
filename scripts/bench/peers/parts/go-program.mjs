// @ts-check
// The program in go/, built in the benchmark's own folder; what Go fetches stays there as well.
import { spawnSync } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { run } from './packages.mjs';

const root = resolve(import.meta.dirname, '../../../..');
const cache = join(root, '.cache/bench');
const folder = join(cache, 'go');

/** What to start. */
export const goProgram = join(folder, 'bin/bench');

/** Builds it; resolves with what is in the way if that cannot be done. */
export async function buildGoProgram() {
  if (spawnSync('go', ['version']).status !== 0) return 'no Go on this machine';
  await cp(join(import.meta.dirname, '../../go'), folder, { recursive: true });
  for (const proto of ['proto/duplex/v1/contract.proto', 'test/support/proto/testing/v1/bench.proto']) {
    await cp(join(root, proto), join(folder, proto.replace('test/support/', '')));
  }
  const env = { GOPATH: join(cache, 'gopath'), GOCACHE: join(cache, 'gocache'), GOFLAGS: '-modcacherw' };
  return (
    (await run('buf', ['generate', '--path', 'proto/testing'], { cwd: folder, env })) ??
    (await run('go', ['build', '-o', goProgram], { cwd: folder, env }))
  );
}
