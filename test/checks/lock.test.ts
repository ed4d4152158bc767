import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../scripts/lock.mjs';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'grpc-duplex-lock-'));
  file = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the lock of the scripts', () => {
  it('lets one in at a time and gives back what the work gives', async () => {
    let inside = 0;
    const work = async () => {
      inside += 1;
      await turn();
      expect(inside).toBe(1);
      inside -= 1;
      return 'done';
    };
    expect(await Promise.all([withLock(file, work), withLock(file, work), withLock(file, work)])).toEqual(
      Array(3).fill('done'),
    );
    expect(existsSync(file)).toBe(false);
  });

  it('is free again when the work fails', async () => {
    await expect(withLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(existsSync(file)).toBe(false);
  });

  it('is taken over from a holder that is gone, by one of those who wait', async () => {
    writeFileSync(file, 'left behind');
    const long = new Date(Date.now() - 60_000);
    utimesSync(file, long, long);
    let inside = 0;
    const work = async () => {
      inside += 1;
      await turn();
      expect(inside).toBe(1);
      inside -= 1;
    };
    await Promise.all([withLock(file, work), withLock(file, work)]);
    expect(existsSync(file)).toBe(false);
  });
});
