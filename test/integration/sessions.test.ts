import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { eventually } from '../support/observe.js';

describe('the sessions of a service', () => {
  it('are found by their id, counted and walked through, and closed with a reason', async () => {
    const before = new Date();
    const { address, service, sessions } = await serve(() => ({}), {
      authenticate: ({ headers }) => ({ id: headers.get('name') ?? '' }),
    });
    const [ann, bob] = ['ann', 'bob'].map((name) => join(address, { metadata: { name } }).client);
    await ann?.open();
    await bob?.open();
    expect(service.sessions.size).toBe(2);
    expect([...service.sessions.values()].map(({ principal }) => principal)).toEqual([{ id: 'ann' }, { id: 'bob' }]);
    const [first] = sessions;
    const found = service.sessions.get(first?.id ?? '');
    expect(found).toBe(first);
    expect(found).toMatchObject({
      peer: expect.stringMatching(/127\.0\.0\.1|::1/),
      status: 'open',
      counters: {
        unsent: 0,
        failedHandlers: 0,
        unknownItems: 0,
        lateItems: 0,
        dropped: 0,
        waiting: 0,
        waitingBytes: 0,
      },
    });
    expect(found?.since.getTime()).toBeGreaterThanOrEqual(before.getTime());
    await found?.close('kicked');
    expect(await ann?.closed).toMatchObject({ kind: 'closed', origin: 'remote', message: 'kicked' });
    expect(service.sessions.size).toBe(1);
    expect(found?.status).toBe('closed');
    expect(bob?.status).toBe('opened');
  });

  it('are observed: whoever subscribes sees them as they are, and each change', async () => {
    const { address, service, host, sessions } = await serve();
    const seen: string[] = [];
    const show = () => [...service.sessions.values()].map(({ status }) => status).join(' ');
    service.sessions$.subscribe({ next: () => seen.push(show()), complete: () => seen.push('complete') });
    expect(seen).toEqual(['']);
    const first = join(address).client;
    await first.open();
    await eventually(() => expect(seen.at(-1)).toBe('open'));
    const [session] = sessions as unknown as { link: { driver: { drop(error: Error): void } } }[];
    session?.link.driver.drop(Object.assign(new Error('cut'), { kind: 'lost' }));
    await eventually(() => expect(seen.slice(-2)).toEqual(['resuming', 'open']));
    await first.close();
    await eventually(() => expect(seen.at(-1)).toBe(''));
    expect(seen).toContain('closing');
    await host.stop();
    expect(seen.at(-1)).toBe('complete');
  });
});
