import { indent, type Lines } from './text.js';

/** Whether an import is only used as a type. */
export type ImportKind = 'type' | 'value';

interface Import {
  readonly name: string;
  readonly alias: string;
  kind: ImportKind;
}

/**
 * Collects the imports of a TypeScript file while its text is put together,
 * and hands out the names under which to use them: others where the file
 * declares the name itself, or imports it from elsewhere.
 */
export class TypeScriptImports {
  readonly #taken: Set<string>;
  readonly #modules = new Map<string, Map<string, Import>>();

  constructor(declared: Iterable<string>) {
    this.#taken = new Set(declared);
  }

  /** The local name of what `module` exports as `name`; if it is taken, one made by `rename`. */
  use(module: string, name: string, kind: ImportKind, rename: (name: string) => string): string {
    const imports = this.#modules.get(module) ?? new Map<string, Import>();
    this.#modules.set(module, imports);
    const known = imports.get(name);
    if (known !== undefined) {
      if (kind === 'value') known.kind = 'value';
      return known.alias;
    }
    let alias = name;
    while (this.#taken.has(alias)) alias = rename(alias);
    this.#taken.add(alias);
    imports.set(name, { name, alias, kind });
    return alias;
  }

  /** The import statements: packages first, then files, each with its names in order. */
  print(): Lines {
    const modules = [...this.#modules].sort(([a], [b]) => compareModules(a, b));
    return modules.map(([module, imports]) => printImport(module, [...imports.values()]));
  }
}

function printImport(module: string, imports: readonly Import[]): Lines {
  const names = imports
    .toSorted((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
    .map(({ name, alias, kind }) => `${kind === 'type' ? 'type ' : ''}${name}${alias === name ? '' : ` as ${alias}`}`);
  const line = `import { ${names.join(', ')} } from '${module}';`;
  return line.length <= 120 ? [line] : ['import {', indent(...names.map((name) => `${name},`)), `} from '${module}';`];
}

function compareModules(a: string, b: string): number {
  const files = Number(a.startsWith('.')) - Number(b.startsWith('.'));
  return files !== 0 ? files : a < b ? -1 : 1;
}
