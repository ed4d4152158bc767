import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../codegen/support/compile.js';

/** What the compiler says of one place in a file. */
export interface Complaint {
  readonly file: string;
  /** From 0. */
  readonly line: number;
  readonly text: string;
}

/** Checks TypeScript that is on no disk, by the project's settings. `files` are texts by their absolute paths. */
export function typeCheck(files: ReadonlyMap<string, string>): readonly Complaint[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: ['x.ts'] }, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.getSourceFile = (name, ...rest) => {
    const text = files.get(name);
    return text === undefined
      ? getSourceFile(name, ...rest)
      : ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].flatMap((file) => {
    const source = program.getSourceFile(file);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ start, messageText }) => ({
      file,
      line: source?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0,
      text: ts.flattenDiagnosticMessageText(messageText, '\n'),
    }));
  });
}
