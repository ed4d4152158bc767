import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { buildIfStale } from '../../../scripts/build.mjs';

const root = resolve(import.meta.dirname, '../../..');
const run = promisify(execFile);

interface Manifest {
  readonly name: string;
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The project of somebody who has installed the package. */
export interface InstalledProject {
  readonly folder: string;
  write(name: string, text: string): void;
  read(name: string): string;
  /** Runs a program of an installed package, or `node`, and resolves to what it prints. */
  run(program: string, ...args: readonly string[]): Promise<string>;
  /** Compiles `src` strictly, as the given kind of module, into a folder of that name. */
  compile(type: 'module' | 'commonjs', options?: object): Promise<void>;
  remove(): void;
}

/**
 * An empty folder in which the packed package is installed with the packages
 * that it names, what a TypeScript project has and what is asked for, nothing
 * else: they are linked from this repository, so that no network is needed.
 */
export async function installPackage(...others: readonly string[]): Promise<InstalledProject> {
  await buildIfStale();
  const folder = mkdtempSync(join(tmpdir(), 'grpc-duplex-installed-'));
  const bin = join(folder, 'node_modules/.bin');
  mkdirSync(bin, { recursive: true });
  const { stdout } = await run(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder],
    { cwd: root },
  );
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  await run('tar', ['-xzf', filename], { cwd: folder });
  await run('mv', ['package', 'node_modules/grpc-duplex'], { cwd: folder });
  const own = manifestOf(join(folder, 'node_modules/grpc-duplex'));
  const named = [...Object.keys(own.dependencies ?? {}), ...Object.keys(own.peerDependencies ?? {})];
  for (const name of [...named, 'typescript', '@types/node', ...others]) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
  for (const name of [own.name, ...named, 'typescript']) linkPrograms(join(folder, 'node_modules', name), bin);
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  const runIn: InstalledProject['run'] = async (program, ...args) => {
    const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}` };
    try {
      return (await run(program, args, { cwd: folder, env })).stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${[program, ...args].join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
    }
  };
  return {
    folder,
    write,
    read: (name) => readFileSync(join(folder, name), 'utf8'),
    run: runIn,
    async compile(type, options = {}) {
      write('package.json', JSON.stringify({ type }));
      const compilerOptions = {
        ...{ target: 'es2022', module: 'nodenext', types: ['node'], outDir: type, rootDir: 'src' },
        ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
        ...options,
      };
      write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['src'] }));
      await runIn('tsc', '-p', '.');
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** The code blocks of a page that are introduced as files: `` `src/server.ts`: `` and the text of each. */
export function filesIn(page: string): ReadonlyMap<string, string> {
  const text = readFileSync(join(root, page), 'utf8');
  const introduced = /`([\w./-]+\.\w+)`:\n\n```\w+\n(.*?)^```$/gms;
  const commented = /^```\w+\n# ([\w./-]+\.yaml)\n(.*?)^```$/gms;
  const found = [...text.matchAll(introduced), ...text.matchAll(commented)];
  return new Map(found.map(([, name = '', body = '']) => [name, body]));
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

function linkPrograms(folder: string, to: string): void {
  const { name, bin = {} } = manifestOf(folder);
  const programs = typeof bin === 'string' ? { [name]: bin } : bin;
  for (const [program, file] of Object.entries(programs)) symlinkSync(join(folder, file), join(to, program));
}
