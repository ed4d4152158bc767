// @ts-check
/**
 * The layers of src, lowest first. A folder imports from itself and from lower
 * rows; folders of one row do not see each other. CONTRIBUTING.md says what
 * belongs where.
 *
 * @type {readonly (readonly string[])[]}
 */
const layers = [
  ['gen', 'errors'],
  ['contract'],
  ['wire'],
  ['session'],
  ['transport', 'observability'],
  ['calls'],
  ['server', 'client'],
  ['codegen', 'testing', 'config'],
  ['index', 'load', 'cli'],
];

/** Which packages only some places may name. Types count too. */
const packages = [
  { name: '@grpc/grpc-js', allowed: ['transport/grpc/', 'cli/'] },
  { name: '@grpc/proto-loader', allowed: ['contract/from-proto-loader\\.ts', 'cli/'] },
  { name: 'zod', allowed: ['config/'] },
  { name: 'rxjs', allowed: ['calls/', 'server/', 'client/'] },
];

const src = '^src/';

/** @param {readonly string[]} names folders of src, or files in it without their extension */
const under = (names) => `${src}(${names.join('|')})(/|\\.ts$)`;

/** @param {string} name */
const packagePath = (name) => `(^|/)node_modules/${name}/|^${name}(/|$)`;

const layerRules = layers.flatMap((row, height) => {
  const lower = layers.slice(0, height).flat();
  return row.map((name) => ({
    name: `layer-${name}`,
    comment: `${name} may import ${lower.length > 0 ? lower.join(', ') : 'nothing else of src'}`,
    severity: 'error',
    from: { path: under([name]) },
    to: { path: src, pathNot: under([...lower, name]) },
  }));
});

const packageRules = packages.map(({ name, allowed }) => ({
  name: `only-some-import-${name}`,
  comment: `${name} is named only in ${allowed.join(', ').replaceAll('\\', '')}`,
  severity: 'error',
  from: { path: src, pathNot: `${src}(${allowed.join('|')})` },
  to: { path: packagePath(name) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: /** @type {any} */ ([
    ...layerRules,
    ...packageRules,
    {
      name: 'known-layer',
      comment: 'every folder of src has its place in the layer table',
      severity: 'error',
      from: { path: src, pathNot: under(layers.flat()) },
      to: {},
    },
    {
      name: 'no-cycle',
      comment: 'no cycles; an import of types alone counts',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'rxjs-in-pieces',
      comment: 'what is needed of rxjs at run time comes from calls/rx.ts, which spares a process the rest of it',
      severity: 'error',
      from: { path: src, pathNot: `${src}calls/rx\\.ts$` },
      to: { path: packagePath('rxjs'), dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'generator-stands-alone',
      comment:
        'the generator imports only contract, errors and gen; codegen/v1.ts is the run-time door of generated code',
      severity: 'error',
      from: { path: `${src}codegen/`, pathNot: `${src}codegen/v1\\.ts$` },
      to: { path: src, pathNot: `${src}codegen/(?!v1\\.ts)|${under(['contract', 'errors', 'gen'])}` },
    },
    {
      name: 'engine-runs-anywhere',
      comment: 'wire and session run in a browser: no Node modules',
      severity: 'error',
      from: { path: under(['wire', 'session']) },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'resolvable',
      comment: 'every import leads somewhere',
      severity: 'error',
      from: { path: src },
      to: { couldNotResolve: true },
    },
  ]),
  options: {
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
