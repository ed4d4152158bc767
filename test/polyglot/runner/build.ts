import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import type { Language } from './toolchains.js';

const root = resolve(import.meta.dirname, '../../..');

/** Where everything is built, and what the package managers keep. */
const cache = join(root, '.cache/polyglot');

/** The protos that a user publishes beside those of the package, and the one of this test. */
const contracts = [
  ['examples/calculator/proto', 'calculator'],
  ['test/support/proto', 'testing/v1/everything.proto'],
  ['test/support/proto', 'testing/v1/everything_duplex.proto'],
  ['test/polyglot/proto', 'polyglot'],
] as const;

/** Builds look for buf among the project's own tools, and keep what they fetch in the project's own folder. */
export const environment: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: [join(root, 'node_modules/.bin'), join(cache, 'bin'), process.env['PATH']].join(delimiter),
  PIP_CACHE_DIR: join(cache, 'pip'),
  GOPATH: join(cache, 'gopath'),
  GOCACHE: join(cache, 'gocache'),
  GOFLAGS: '-modcacherw',
  CARGO_HOME: join(cache, 'cargo'),
  MAVEN_OPTS: `-Dmaven.repo.local=${join(cache, 'maven')}`,
};

/** Lays out the published protos: those of the package as npm packs them, those of the contracts as they stand. */
export async function publishProtos(): Promise<string> {
  const folder = join(cache, 'proto');
  const packed = await mkdtemp(join(tmpdir(), 'grpc-duplex-protos-'));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  try {
    const packing = ['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', packed];
    const [{ filename }] = JSON.parse(execFileSync('npm', packing, { cwd: root, encoding: 'utf8' }));
    execFileSync('tar', ['-xzf', filename, 'package/proto'], { cwd: packed });
    await cp(join(packed, 'package/proto'), folder, { recursive: true });
  } finally {
    await rm(packed, { recursive: true });
  }
  for (const [from, path] of contracts) await cp(join(root, from, path), join(folder, path), { recursive: true });
  return folder;
}

/**
 * Builds the programs of a language in a folder that holds the published
 * protos and their own sources, nothing else; not again, if nothing has
 * changed. Returns the folder. Throws with what the build printed.
 */
export async function build(language: Language, protos: string): Promise<string> {
  const folder = join(cache, language.name);
  const sources = join(root, 'test/polyglot/clients', language.name);
  const stamp = await hashOf([protos, sources]);
  const stampFile = join(folder, '.built');
  if ((await readFile(stampFile, 'utf8').catch(() => '')) === stamp) return folder;
  await rm(join(folder, 'proto'), { recursive: true, force: true });
  await cp(protos, join(folder, 'proto'), { recursive: true });
  await cp(sources, folder, { recursive: true });
  await run(['./build.sh'], folder);
  await writeFile(stampFile, stamp);
  return folder;
}

/** Builds grpcurl, if it is not there. */
export async function buildGrpcurl(): Promise<void> {
  const bin = join(cache, 'bin');
  if (existsSync(join(bin, 'grpcurl'))) return;
  const install = ['go', 'install', 'github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3'];
  await run(install, root, { ...environment, GOBIN: bin });
}

async function hashOf(folders: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    for (const file of files.sort()) hash.update(`${file.slice(folder.length)}\0`).update(await readFile(file));
  }
  return hash.digest('hex');
}

function run(command: readonly string[], cwd: string, env = environment): Promise<void> {
  const child = spawn('nice', command, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      output += text;
    });
  }
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => (code === 0 ? done() : failed(new Error(output.slice(-4_000)))));
  });
}
