// @ts-check
// Generated code has to survive tools that make declarations out of one file at a time.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

const root = resolve(import.meta.dirname, '../..');
const files = ['examples', 'test/support'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file))
    .filter((file) => file.includes('/gen/') && file.endsWith('.ts')),
);

const compilerOptions = { declaration: true, isolatedDeclarations: true, verbatimModuleSyntax: true };
const problems = files.flatMap((fileName) => {
  const text = readFileSync(join(root, fileName), 'utf8');
  return ts.transpileDeclaration(text, { fileName, compilerOptions, reportDiagnostics: true }).diagnostics ?? [];
});

if (problems.length > 0) {
  const host = { getCanonicalFileName: String, getCurrentDirectory: () => root, getNewLine: () => '\n' };
  console.error(ts.formatDiagnostics(problems, host));
  process.exitCode = 1;
}
