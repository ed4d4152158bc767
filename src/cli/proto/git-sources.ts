import { spawnSync } from 'node:child_process';
import { relative, resolve, sep } from 'node:path';
import { UsageError } from '../command.js';
import type { ProtoSource } from './sources.js';

/**
 * The protos that a git revision has below a folder, whatever the working
 * tree has there. Nothing is checked out. A folder that the revision does not
 * have, or that is outside of the repository, is empty.
 */
export function readRevision(cwd: string, revision: string, root: string): readonly ProtoSource[] {
  if (git(cwd, ['rev-parse', '--verify', '--quiet', `${revision}^{commit}`]).status !== 0) {
    throw new UsageError(`${revision} is neither an image file nor a revision of a git repository here`);
  }
  const listed = git(cwd, ['ls-tree', '-r', '-z', '--name-only', revision, '--', `${root}/`]);
  if (listed.status !== 0) return [];
  const paths = listed.stdout
    .toString()
    .split('\0')
    .filter((path) => path.endsWith('.proto'));
  const texts = readBlobs(
    cwd,
    paths.map((path) => `${revision}:./${path}`),
  );
  return paths.map((path, index) => ({
    name: relative(resolve(cwd, root), resolve(cwd, path)).replaceAll(sep, '/'),
    path: `${revision}:${path}`,
    root,
    text: texts[index] ?? '',
  }));
}

/** Many files at once: `<hash> blob <size>`, a line end, the content and another line end for each. */
function readBlobs(cwd: string, names: readonly string[]): readonly string[] {
  const { stdout } = git(cwd, ['cat-file', '--batch'], names.map((name) => `${name}\n`).join(''));
  let offset = 0;
  return names.map(() => {
    const start = stdout.indexOf('\n', offset) + 1;
    const size = Number(stdout.subarray(offset, start).toString().trim().split(' ').at(-1));
    offset = start + size + 1;
    return stdout.subarray(start, start + size).toString();
  });
}

function git(cwd: string, args: readonly string[], input = '') {
  const result = spawnSync('git', args, { cwd, input, maxBuffer: 1 << 28 });
  if (result.error !== undefined) throw new UsageError(`git cannot be run: ${result.error.message}`);
  return result;
}
