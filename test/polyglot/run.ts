// npm run test:polyglot: clients in other languages, each built from the published protos alone, against our service.
// npm run test:polyglot -- --only go,python --case TLS: only these languages, only cases with this in their name.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, buildGrpcurl, environment, publishProtos } from './runner/build.js';
import { callService } from './runner/call-service.js';
import { readCases } from './runner/cases.js';
import { whyNot } from './runner/install.js';
import { load } from './runner/load.js';
import { Messages } from './runner/messages.js';
import { play } from './runner/play.js';
import { quickstart, readme, reflection, shell } from './runner/quickstart.js';
import { type Outcome, Table } from './runner/table.js';
import { type Language, languages } from './runner/toolchains.js';

/** The folder with the programs of a language, if there is one, and what became of their build. */
type Prepared = readonly [folder: string | undefined, outcome: Outcome];

const { values } = parseArgs({ options: { only: { type: 'string' }, case: { type: 'string', default: '' } } });
const wanted = languages.filter(({ name }) => values.only === undefined || values.only.split(',').includes(name));
const cases = readCases(join(import.meta.dirname, 'cases.yaml')).filter(({ name }) => name.includes(values.case));
const table = new Table(wanted.map(({ name }) => name));

process.env['PATH'] = environment['PATH'];
const protos = await publishProtos();
const messages = new Messages(protos);
const lacks = new Map(wanted.map((language) => [language, whyNot(language)]));
// Languages are built one after another while those that are built already play: cases mostly wait.
let last: Promise<unknown> = Promise.resolve();
const built = wanted.map((language) => {
  const mine = last.then(() => prepare(language));
  last = mine;
  return [language, mine] as const;
});
for (const [language, prepared] of built) await runLanguage(language, await prepared);
console.log(`\n${table}`);
process.exitCode = table.failed > 0 ? 1 : 0;

async function runLanguage(language: Language, [folder, outcome]: Prepared): Promise<void> {
  const { name, run, extras = [] } = language;
  table.set('builds from the published protos alone', name, outcome);
  if (folder === undefined) return;
  const set = (row: string, complaint: string | undefined): void =>
    table.set(row, name, complaint === undefined ? { passed: true } : { failed: complaint });
  set('the quickstart of docs/polyglot.md', await quickstart(run('quickstart'), folder));
  if (name === 'python') set('the Python of the README', await readme(run('quickstart'), folder));
  if (extras.includes('reflection'))
    set('calls a service that describes itself', await reflection(run('reflection'), folder));
  if (name === 'go') {
    await buildGrpcurl();
    set('grpcurl and buf curl, as the README has them', await shell());
  }
  if (extras.includes('load')) set('a session over a bad network', await load(run('load'), folder, name));
  if (extras.includes('service')) {
    for (const level of ['plain', 'session'] as const) {
      set(
        `our client calls its service, starting at the ${level} level`,
        await callService(run('service'), folder, level),
      );
    }
  }
  for (const played of cases) set(played.name, await play(played, language, folder, messages));
}

/** Builds the programs of a language. A missing toolchain is a failure in CI. */
async function prepare(language: Language): Promise<Prepared> {
  const reason = lacks.get(language);
  if (reason !== undefined) return [undefined, process.env['CI'] ? { failed: reason } : { skipped: reason }];
  const start = performance.now();
  try {
    const folder = await build(language, protos);
    console.log(`${language.name} built in ${Math.round((performance.now() - start) / 1000)} s`);
    return [folder, { passed: true }];
  } catch (error) {
    return [undefined, { failed: `${error}` }];
  }
}
