import type { Plan } from './plan.js';
import { type Outcome, run } from './run.js';

/** So many plans are tried at most. */
const MAX_TRIALS = 400;

/**
 * Looks for a smaller plan that breaks the same rule: leaves out steps and
 * faults, ever smaller parts of them, and clients that nobody needs.
 */
export async function shrink(failed: Outcome): Promise<Outcome> {
  const rule = failed.violations[0]?.rule;
  let best = failed;
  let trials = 0;
  const holds = async (plan: Plan): Promise<boolean> => {
    if (trials++ >= MAX_TRIALS) return false;
    const outcome = await run(plan);
    if (outcome.violations[0]?.rule !== rule) return false;
    best = outcome;
    return true;
  };
  for (let before = Number.POSITIVE_INFINITY; sizeOf(best.plan) < before && trials < MAX_TRIALS; ) {
    before = sizeOf(best.plan);
    await dropParts(best.plan.faults.length, (keep) => holds({ ...best.plan, faults: pick(best.plan.faults, keep) }));
    await dropParts(best.plan.steps.length, (keep) => holds({ ...best.plan, steps: pick(best.plan.steps, keep) }));
    const fewer = best.plan.clients.slice(0, -1);
    if (fewer.length > 0) await holds({ ...best.plan, clients: fewer });
    for (const [index, step] of best.plan.steps.entries()) {
      if (!('count' in step) || step.count === 1) continue;
      await holds({ ...best.plan, steps: best.plan.steps.with(index, { ...step, count: 1 }) });
    }
  }
  return best;
}

function sizeOf({ steps, faults, clients }: Plan): number {
  return steps.length + faults.length + clients.length;
}

function pick<Item>(items: readonly Item[], keep: (index: number) => boolean): Item[] {
  return items.filter((_, index) => keep(index));
}

/** Tries to do without parts of a list, halves first; `holds` applies to the list as it is then. */
async function dropParts(length: number, holds: (keep: (index: number) => boolean) => Promise<boolean>): Promise<void> {
  let left = length;
  for (let size = Math.max(1, Math.ceil(left / 2)); left > 0; size = Math.ceil(size / 2)) {
    for (let from = left - size; from > -size; from -= size) {
      const start = Math.max(0, from);
      const end = from + size;
      if (await holds((index) => index < start || index >= end)) left -= end - start;
    }
    if (size === 1) return;
  }
}
