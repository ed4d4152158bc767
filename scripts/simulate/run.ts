// npm run simulate: the real client and the real service in one process, on virtual time, over a bad network.
import { planOf } from '../../test/support/sim/plan.js';
import { type Outcome, run } from '../../test/support/sim/run.js';
import { shrink } from '../../test/support/sim/shrink.js';
import { planLines, traceOf } from '../../test/support/sim/trace.js';
import { readOptions, type SimulateOptions, USAGE } from './options.js';
import { Tally } from './tally.js';

/** With fewer seeds than this a transition may stay unvisited by chance. */
const ENOUGH_SEEDS = 1_000;
/** Every so many seeds one runs twice, to show that it replays. */
const REPLAY_EVERY = 50;
const MAX_TRACE_LINES = 400;

process.on('unhandledRejection', (reason) => {
  console.error('a rejection was not handled:', reason);
  process.exit(1);
});

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) console.log(USAGE);
  else process.exitCode = (await simulate(options)) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

async function simulate({ from, seeds, single, trace, brief, keep }: SimulateOptions): Promise<boolean> {
  const tally = new Tally();
  let replays = true;
  for (let seed = from; seed < from + seeds; seed++) {
    const outcome = await run(planOf(seed));
    tally.add(outcome);
    if (seed % REPLAY_EVERY === 0 || single) replays = (await isReplayed(outcome)) && replays;
    const [broken] = outcome.violations;
    if (broken !== undefined && brief) {
      console.log(`seed ${seed}: ${broken.rule}: ${broken.message.split('\n')[0]}`);
      return false;
    }
    if (broken !== undefined) {
      const small = trace ? outcome : await shrink(outcome);
      explain(outcome, small);
      if (!keep) break;
    } else if (single) explain(outcome, outcome);
  }
  for (const line of tally.lines()) console.log(line);
  const isCovered = tally.missing.length === 0 || tally.seeds < ENOUGH_SEEDS;
  return tally.failed === 0 && replays && isCovered;
}

/** Whether a second run of the same plan leaves the same history. */
async function isReplayed(outcome: Outcome): Promise<boolean> {
  const again = await run(outcome.plan);
  const [before, after] = [outcome.history.digest, again.history.digest];
  if (before !== after) console.log(`seed ${outcome.plan.seed} does not replay: ${before} is ${after} now`);
  return before === after;
}

/** Prints the smallest plan that fails, what happened, and what is wrong with it. */
function explain({ plan: { seed, steps, faults } }: Outcome, { plan, history, violations }: Outcome): void {
  const was = `${steps.length} steps and ${faults.length} faults`;
  console.log(
    `seed ${seed}: ${was}, shown are ${plan.steps.length} and ${plan.faults.length}; history ${history.digest}`,
  );
  for (const line of planLines(plan)) console.log(`  ${line}`);
  const lines = traceOf(history.entries);
  if (lines.length > MAX_TRACE_LINES) console.log(`  … ${lines.length - MAX_TRACE_LINES} lines before`);
  for (const line of lines.slice(-MAX_TRACE_LINES)) console.log(line);
  for (const { t, rule, message } of violations.slice(0, 20)) {
    console.log(`${t.toFixed(1).padStart(10)}  BROKEN  ${rule}: ${message}`);
  }
  if (violations.length > 0) console.log(`replay: npm run simulate -- --seed ${seed}`);
}
