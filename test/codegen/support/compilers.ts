import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './compile.js';

/** The compilers that generated code has to pass, by the names of their packages. */
export const compilers = ['typescript', 'typescript-7'] as const;

/**
 * What a compiler says about the TypeScript below a folder of a project, under
 * the flags of this repository and with isolated declarations. What that code
 * imports is not its fault.
 */
export async function compilerErrors(
  project: string,
  folder: string,
  compiler: (typeof compilers)[number],
): Promise<readonly string[]> {
  const config = join(project, `${compiler}.json`);
  const compilerOptions = {
    ...{ allowJs: false, declaration: true, isolatedDeclarations: true },
    typeRoots: [join(root, 'node_modules/@types')],
  };
  writeFileSync(config, JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include: [folder] }));
  const program = join(root, 'node_modules', compiler, 'bin/tsc');
  const output = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      [program, '-p', config, '--pretty', 'false'],
      { cwd: project },
      (error, stdout, stderr) => resolve(error === null ? '' : `${stdout}${stderr}`),
    );
  });
  rmSync(config);
  const said = output.split(/\n(?! )/).filter((text) => text !== '');
  const own = said.filter((text) => text.startsWith(`${folder}/`));
  return own.length > 0 ? own : said.filter((text) => !/^\S+\(\d+,\d+\)/.test(text));
}
