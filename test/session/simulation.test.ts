import { describe, expect, it } from 'vitest';
import { planOf } from '../support/sim/plan.js';
import { run } from '../support/sim/run.js';
import { shrink } from '../support/sim/shrink.js';
import { planLines } from '../support/sim/trace.js';

const SEEDS = 200;

describe('the real client and the real service over a network that fails', () => {
  it(`keep every promise, from seed 0 to ${SEEDS - 1}`, async () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const outcome = await run(planOf(seed));
      if (outcome.violations.length === 0) continue;
      const { plan, violations } = await shrink(outcome);
      const broken = violations.map(({ t, rule, message }) => `at ${t} ms, ${rule}: ${message}`);
      expect.fail([`npm run simulate -- --seed ${seed}`, ...broken.slice(0, 5), ...planLines(plan)].join('\n'));
    }
  }, 300_000);

  it('do the same again with the same seed', async () => {
    for (const seed of [1, 7, 42]) {
      const [first, second] = [await run(planOf(seed)), await run(planOf(seed))];
      expect(first.history.entries.length).toBeGreaterThan(10);
      expect(second.history.digest).toBe(first.history.digest);
    }
  });

  it('do something else with another seed', async () => {
    const digests = new Set<string>();
    for (let seed = 0; seed < 20; seed++) digests.add((await run(planOf(seed))).history.digest);
    expect(digests.size).toBe(20);
  });
});
