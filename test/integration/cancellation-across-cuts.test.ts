import { testLink } from 'grpc-duplex/testing';
import { describe, expect, it } from 'vitest';
import { partly } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { rejectionOf } from '../support/thrown-by.js';

/** A link to a service whose `ask` never answers, and the signals that its handler was given. */
async function linked() {
  const signals: AbortSignal[] = [];
  const link = await testLink(
    Everything,
    () =>
      partly({
        ask(_, { signal }) {
          signals.push(signal);
          return new Promise(() => {});
        },
      }),
    { service: { concurrency: 'multiple' } },
  );
  await link.client.open();
  return { link, signals };
}

describe('a call that is given up while there is no connection', () => {
  it('rejects at once, and its handler, which ran once, is told when there is one again', async () => {
    const { link, signals } = await linked();
    await using _ = link;
    const abort = new AbortController();
    const answer = link.client.service.ask({}, { signal: abort.signal });
    await link.settle();
    link.cut();
    abort.abort();
    expect(await rejectionOf(answer)).toMatchObject({ kind: 'cancelled', executed: 'maybe' });
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    link.restore();
    await link.settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(link.client.status).toBe('opened');
  });

  it('does not go on at the service although it was made meanwhile, too', async () => {
    const { link, signals } = await linked();
    await using _ = link;
    link.cut();
    await link.settle();
    const abort = new AbortController();
    const answer = link.client.service.ask({}, { signal: abort.signal });
    abort.abort();
    expect(await rejectionOf(answer)).toMatchObject({ kind: 'cancelled' });
    link.restore();
    await link.settle();
    expect(signals.filter(({ aborted }) => !aborted)).toEqual([]);
    expect(signals.length).toBeLessThanOrEqual(1);
  });

  it('times out by the clock of its caller, and its handler is told later', async () => {
    const { link, signals } = await linked();
    await using _ = link;
    const answer = link.client.service.ask({}, { timeoutMs: 1_000 });
    await link.settle();
    link.cut({ silent: true });
    await link.clock.advance(1_000);
    expect(await rejectionOf(answer)).toMatchObject({ kind: 'timeout', executed: 'maybe' });
    link.restore();
    await link.clock.advance(16_000);
    await link.settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it('is asked of the client in the same way', async () => {
    const signals: AbortSignal[] = [];
    const sessions: Everything.Session[] = [];
    await using link = await testLink(Everything, (session) => {
      sessions.push(session);
      return partly({});
    });
    link.client.handle({
      confirm(_, { signal }) {
        signals.push(signal);
        return new Promise(() => {});
      },
    });
    await link.client.open();
    const abort = new AbortController();
    const answer = sessions[0]?.callback.confirm({}, { signal: abort.signal });
    await link.settle();
    link.cut();
    abort.abort();
    expect(await rejectionOf(answer ?? Promise.resolve())).toMatchObject({ kind: 'cancelled' });
    link.restore();
    await link.settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });
});
