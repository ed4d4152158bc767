import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

async function demo(): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ['scripts/demo.mjs'], { cwd: root });
  return stdout.trim().split('\n');
}

describe('npm run demo', () => {
  it('prints what the calculator sends, in order, twice at once', { timeout: 120_000 }, async () => {
    for (const lines of await Promise.all([demo(), demo()])) {
      expect(lines.filter((line) => line.startsWith('Equ'))).toEqual([
        'Equals(100)',
        'Equals(50)',
        'Equals(882.5)',
        'Equals(441.25)',
        'Equation(0 + 100 - 50 * 17.65 / 2 = 441.25)',
      ]);
      expect(lines.at(-1)).toBe('status closed');
    }
  });
});
