import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join as path } from 'node:path';
import { Observable } from 'rxjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { eventually } from '../support/observe.js';
import { upTo } from '../support/proxied.js';

/** Another copy of rxjs, as a package manager may put one into the tree of an application. */
let other: typeof import('rxjs');

beforeAll(() => {
  const require = createRequire(import.meta.url);
  const folder = mkdtempSync(path(tmpdir(), 'second-rxjs-'));
  cpSync(dirname(require.resolve('rxjs/package.json')), folder, { recursive: true });
  other = require(folder);
  return () => rmSync(folder, { recursive: true });
});

describe('an application with a copy of rxjs of its own', () => {
  it('has another Observable', () => {
    expect(other.Observable).not.toBe(Observable);
  });

  it('sends its observables as streams, in both directions', async () => {
    const { address } = await serve(() => ({
      count: ({ count }) => other.from(upTo(count).map((value) => ({ value }))),
    }));
    const { client } = join(address);
    const counted = await other.lastValueFrom(
      other.from(client.service.count({ count: 5 })).pipe(
        other.map(({ value }) => value),
        other.toArray(),
      ),
    );
    expect(counted).toEqual([0, 1, 2, 3, 4]);
  });

  it('sums what its own observable sends', async () => {
    const { address } = await serve(() => ({
      async sum(values) {
        const all = await other.lastValueFrom(values.pipe(other.toArray()));
        return { sum: BigInt(all.reduce((sum, { value }) => sum + value, 0)), count: all.length };
      },
    }));
    const { client } = join(address);
    const requests = other.of({ value: 1 }, { value: 2 }, { value: 3 });
    await expect(client.service.sum(requests)).resolves.toEqual({ sum: 6n, count: 3 });
  });

  it('uses its operators on callbacks, state and status', async () => {
    const { address } = await serve((session) => {
      session.callback.noted({ index: 1 });
      session.callback.noted({ index: 2 });
      return {};
    });
    const { client } = join(address);
    const indexes = client.callbacks.noted$.pipe(
      other.map(({ index }) => index),
      other.take(2),
      other.toArray(),
    );
    expect(await other.firstValueFrom(indexes)).toEqual([1, 2]);
    const merged = other.merge(client.status$, client.state$.pipe(other.map(({ counter }) => `state ${counter}`)));
    expect(await other.lastValueFrom(merged.pipe(other.take(2), other.toArray()))).toEqual(['opened', 'state 0']);
  });

  it('has its scheduler bring what comes', async () => {
    const { address } = await serve((session) => {
      session.callback.noted({ index: 1 });
      return { echo: ({ text }) => ({ text }) };
    });
    const scheduler = new other.VirtualTimeScheduler();
    const { client } = join(address, { scheduler });
    const indexes: number[] = [];
    client.callbacks.noted$.subscribe(({ index }) => indexes.push(index));
    const echoed = client.service.echo({ text: 'a' });
    await eventually(() => expect(scheduler.actions.length).toBeGreaterThan(0));
    expect(indexes).toEqual([]);
    const flushing = setInterval(() => scheduler.flush());
    await expect(echoed).resolves.toMatchObject({ text: 'a' });
    clearInterval(flushing);
    expect(indexes).toEqual([1]);
  });
});
