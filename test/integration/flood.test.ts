import { describe, expect, it } from 'vitest';
import { ScriptProcess } from '../support/processes.js';

describe('a service that calls back faster than its client takes it', () => {
  it.each([
    ['loses nothing, where it waits', 'wait', '30000'],
    ['spares it what is older, and the newest arrives, where the contract says `latest`', 'latest', '60000'],
    ['is not held up, and the newest arrives, where the client drops the oldest', 'drop-oldest', '30000'],
  ])('%s: the memory of both stays flat', async (_, policy, callbacks) => {
    const quick = ['--per-second', '5000', '--seconds', '2', '--callbacks', callbacks, '--policy', policy];
    const run = new ScriptProcess('scripts/flood/run.ts', quick);
    expect(await run.exited, run.lines.join('\n') + run.errors).toBe(0);
    expect(run.lines.at(-1)).toContain(policy);
  });
});
