// @ts-check
// npm run bench: this library side by side with what its users would take instead, in one run.
// A figure that falls short of its target is no failure; a case that cannot run, or loses a message, is.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { buildIfStale } from '../build.mjs';
import { machine } from './measuring/machine.mjs';
import { measure, quick, thorough } from './measuring/measure.mjs';
import { compileCodec, compileContract } from './peers/parts/compile-contract.mjs';
import { allCases, caseNamed, readyPeers } from './registry.mjs';
import { writeDocs } from './reporting/docs.mjs';
import { profile } from './reporting/profile.mjs';
import { rowsOf } from './reporting/report.mjs';
import { asText, fullTable } from './reporting/tables.mjs';

const USAGE = `npm run bench -- [options]
  --quick        three short rounds of each case, and only peers with a target: a first impression in about a minute
  --case NAME    only this case; may be repeated
  --checked      also runs ours over a connection that is cut all the time, every message checked to come once, in order
  --json FILE    writes the figures
  --write-docs   writes the figures into docs/performance.json, and tables of them into docs/performance.md and the README
  --profile      measures nothing, but writes CPU profiles of our client and server, and pictures of them`;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    case: { type: 'string', multiple: true, default: [] },
    checked: { type: 'boolean', default: false },
    json: { type: 'string' },
    'write-docs': { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) console.log(USAGE);
else
  await run().catch((error) => {
    console.error(`bench failed: ${error instanceof Error ? error.message : error}`);
    // Not only the exit code: processes of other peers would keep this one alive.
    process.exit(1);
  });

async function run() {
  if (options.quick && options['write-docs']) throw new Error('a quick run is none to be written down');
  const cases =
    options.case.length === 0
      ? (await allCases()).filter(({ onDemand }) => !onDemand)
      : await Promise.all(options.case.map(caseNamed));
  // What users get is measured: the compiled package, found by its name.
  await buildIfStale();
  await Promise.all([compileContract(), compileCodec()]);
  if (options.profile) {
    for (const { name } of cases) console.log(await profile(name));
    return;
  }
  const measuredOn = machine();
  console.log(measuredOn);
  const plan = options.quick ? quick : thorough;
  const peers = (await readyPeers()).filter(({ onlyIfAsked }) => !onlyIfAsked || options.checked);
  const measurements = [];
  for (const [index, measured] of cases.entries()) {
    console.error(`${index + 1}/${cases.length} ${measured.name} …`);
    const measurement = await measure(measured, peers, plan);
    measurements.push(measurement);
    // One after the other: a run that is broken off leaves what it measured.
    if (options['write-docs']) await writeDocs({ machine: measuredOn, rows: rowsOf([measurement]) });
  }
  const rows = rowsOf(measurements);
  console.log(asText(fullTable(rows)));
  for (const remark of measurements.flatMap(({ remarks }) => remarks)) console.log(remark);
  const short = rows.flatMap(({ targets }) => Object.values(targets)).filter(({ pass }) => !pass).length;
  console.log(
    short === 0 ? 'every target is reached' : `${short} of the targets not reached: the figures are as they are`,
  );
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(rows, null, 2)}\n`);
}
