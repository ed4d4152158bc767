// @ts-check
// Compares the protos with those of the last release, or of main before the first release.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** @param {string[]} args */
const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });

const tag = git('describe', '--tags', '--abbrev=0', '--match', 'v*').stdout?.trim();
const base = tag || ['origin/main', 'main'].find((ref) => git('rev-parse', '--verify', '--quiet', ref).status === 0);

if (base === undefined) console.log('skipped: no tag and no main branch to compare with');
else if (git('cat-file', '-e', `${base}:buf.yaml`).status !== 0) console.log(`skipped: ${base} has no protos yet`);
else compare(base);

/** @param {string} ref */
function compare(ref) {
  const folder = mkdtempSync(join(tmpdir(), 'grpc-duplex-breaking-'));
  const archive = join(folder, 'base.tar');
  try {
    execFileSync('git', ['archive', '-o', archive, ref], { cwd: root });
    const buf = join(root, 'node_modules/.bin/buf');
    const { status } = spawnSync(buf, ['breaking', '--against', archive], { cwd: root, stdio: 'inherit' });
    if (status === 0) console.log(`compared with ${ref}`);
    else process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
