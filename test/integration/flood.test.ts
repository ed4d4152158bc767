import { describe, expect, it } from 'vitest';
import { ScriptProcess } from '../support/processes.js';

describe('a service that calls back faster than its client takes it', () => {
  it.each([
    ['loses nothing and stays small, where the client lets it wait', 'wait', ['--seconds', '2']],
    ['is not held up, and the newest arrives, where the client drops the oldest', 'latest', ['--seconds', '60']],
  ])('%s', async (_, policy, args) => {
    const quick = ['--callbacks', '30000', '--per-second', '5000', '--policy', policy, ...args];
    const run = new ScriptProcess('scripts/flood/run.ts', quick);
    expect(await run.exited, run.lines.join('\n') + run.errors).toBe(0);
    expect(run.lines.at(-1)).toContain(policy);
  });
});
