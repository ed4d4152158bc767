import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../../codegen/support/compile.js';

/**
 * Opens a file that exists in memory only, beside the tests of types, in an
 * editor's language service. The result is the comment that the editor shows
 * at a mark, which stands in front of what it is about.
 */
export function openInEditor(text: string): (mark: string) => string {
  const file = join(root, 'test/types/virtual.ts');
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: ['x.ts'] }, ts.sys, root);
  const read = (name: string) => (name === file ? text : ts.sys.readFile(name));
  const service = ts.createLanguageService({
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getCompilationSettings: () => options,
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    getScriptSnapshot(name) {
      const content = read(name);
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
    },
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: read,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  });
  return (mark) => {
    const info = service.getQuickInfoAtPosition(file, text.indexOf(mark) + mark.length);
    return ts.displayPartsToString(info?.documentation);
  };
}
