import { describe, expect, it } from 'vitest';
import { ScriptProcess } from '../support/processes.js';

describe('the test kit', () => {
  it('runs under node:test, too: the example passes', async () => {
    const runner = new ScriptProcess('examples/calculator/calculator.test.ts');
    expect(await runner.exited, runner.lines.join('\n') + runner.errors).toBe(0);
    expect(runner.lines.join('\n')).toMatch(/pass 1\b/);
  });
});
