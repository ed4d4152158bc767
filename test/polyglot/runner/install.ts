import { execFileSync, spawnSync } from 'node:child_process';
import type { Language, Tool } from './toolchains.js';

/**
 * Looks for what a language needs, and installs what is missing where that is
 * ours to do: as root on Debian. Returns why the language is to be skipped.
 */
export function whyNot({ needs }: Language): string | undefined {
  const missing = needs.filter((tool) => !works(tool));
  if (missing.length === 0) return undefined;
  const packages = missing.flatMap((tool) => tool.packages);
  if (process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0) install(packages);
  const still = missing.find((tool) => !works(tool));
  return still && `no ${still.probe}; apt-get install ${packages.join(' ')}`;
}

function works({ probe }: Tool): boolean {
  const [command = '', ...args] = probe.split(' ');
  return spawnSync(command, args).status === 0;
}

function install(packages: readonly string[]): void {
  console.log(`apt-get install ${packages.join(' ')}`);
  const stdio = ['ignore', 'ignore', 'inherit'] as const;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    execFileSync('apt-get', ['update', '-qq'], { stdio: [...stdio], env });
    execFileSync('apt-get', ['install', '-qq', '--no-install-recommends', ...packages], { stdio: [...stdio], env });
  } catch {
    // What is missing is looked for again, and named.
  }
}
