import { type Call, Code } from 'grpc-duplex';
import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { deferred, eventually } from '../support/observe.js';
import { rejectionOf } from '../support/thrown-by.js';
import { VirtualClock } from '../support/virtual-clock.js';

describe('a call that its caller cancels', () => {
  it('before it is made sends nothing', async () => {
    const seen: string[] = [];
    const { address } = await serve(() => ({ echo: ({ text }) => ({ text: `${seen.push(text)}` }) }));
    const { client } = join(address);
    const error = await rejectionOf(
      client.service.echo({ text: 'no' }, { signal: AbortSignal.abort('changed my mind') }),
    );
    expect(error).toMatchObject({ kind: 'cancelled', code: Code.CANCELLED, executed: 'no', cause: 'changed my mind' });
    await client.service.echo({ text: 'yes' });
    expect(seen).toEqual(['yes']);
  });

  it('rejects at once, and the handler sees it in its signal', async () => {
    const started = deferred<Call>();
    const { address } = await serve(() => ({
      echo(_, call) {
        started.resolve(call);
        return new Promise(() => {});
      },
    }));
    const { client } = join(address);
    const abort = new AbortController();
    const rejection = rejectionOf(client.service.echo({}, { signal: abort.signal }));
    const { signal } = await started.promise;
    expect(signal.aborted).toBe(false);
    abort.abort();
    expect(await rejection).toMatchObject({ kind: 'cancelled', executed: 'maybe' });
    await eventually(() => expect(signal.aborted).toBe(true));
  });

  it('never runs if it was still waiting for its turn', async () => {
    const seen: string[] = [];
    const { address } = await serve((session) => ({
      async echo({ text }) {
        seen.push(text);
        // The answer to this travels behind the cancel.
        if (text === 'first') await session.callback.confirm();
        return { text };
      },
    }));
    const abort = new AbortController();
    const { client } = join(address, {
      handler: {
        confirm() {
          abort.abort();
          return {};
        },
      },
    });
    const first = client.service.echo({ text: 'first' });
    const second = rejectionOf(client.service.echo({ text: 'second' }, { signal: abort.signal }));
    await Promise.all([first, client.service.echo({ text: 'third' })]);
    expect(await second).toMatchObject({ kind: 'cancelled' });
    expect(seen).toEqual(['first', 'third']);
  });

  it('is deaf for a reply that comes all the same, and the session lives', async () => {
    const gate = deferred();
    const { address } = await serve(
      () => ({
        async echo({ text }) {
          if (text === 'late') await gate.promise;
          return { text };
        },
      }),
      { concurrency: 'multiple' },
    );
    const { client, errors } = join(address);
    const abort = new AbortController();
    const rejection = rejectionOf(client.service.echo({ text: 'late' }, { signal: abort.signal }));
    await client.service.echo({ text: 'early' });
    abort.abort();
    await rejection;
    gate.resolve();
    await expect(client.service.echo({ text: 'after' })).resolves.toMatchObject({ text: 'after' });
    expect(errors).toEqual([]);
  });

  it('can be a callback, too', async () => {
    const abort = new AbortController();
    const asked = deferred<Call>();
    const { address, sessions } = await serve();
    const { client } = join(address, {
      handler: {
        confirm(_, call) {
          asked.resolve(call);
          return new Promise(() => {});
        },
      },
    });
    await client.open();
    const rejection = rejectionOf(sessions[0]?.callback.confirm({}, { signal: abort.signal }) ?? Promise.resolve());
    const { signal } = await asked.promise;
    abort.abort(new Error('no time'));
    expect(await rejection).toMatchObject({ kind: 'cancelled', code: Code.CANCELLED });
    await eventually(() => expect(signal.aborted).toBe(true));
  });

  it('leaves nothing behind on the signal that it was given', async () => {
    const { address } = await serve(() => ({ echo: ({ text }) => ({ text }) }));
    const { client } = join(address);
    const { signal } = new AbortController();
    const listeners = new Set<unknown>();
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (type: string, listener: () => void) => {
      listeners.add(listener);
      add(type, listener);
    };
    signal.removeEventListener = (type: string, listener: () => void) => {
      listeners.delete(listener);
      remove(type, listener);
    };
    for (let index = 0; index < 20; index++) await client.service.echo({}, { signal });
    expect(listeners.size).toBe(0);
  });
});

describe('a call whose time is up', () => {
  it('rejects, says so to the handler, and leaves the session as it is', async () => {
    const clock = new VirtualClock();
    const started = deferred<Call>();
    const { address } = await serve(
      () => ({
        echo(_, call) {
          started.resolve(call);
          return new Promise(() => {});
        },
        divide: () => ({ quotient: 1 }),
      }),
      { concurrency: 'multiple' },
    );
    const { client } = join(address, { clock });
    const rejection = rejectionOf(client.service.echo({}, { timeoutMs: 250 }));
    const { signal, deadline } = await started.promise;
    expect(deadline).toBeInstanceOf(Date);
    await clock.advance(249);
    expect(signal.aborted).toBe(false);
    await clock.advance(1);
    expect(await rejection).toMatchObject({ kind: 'timeout', code: Code.DEADLINE_EXCEEDED, executed: 'maybe' });
    await eventually(() => expect(signal.aborted).toBe(true));
    await expect(client.service.divide()).resolves.toEqual({ quotient: 1 });
  });

  it('has a minute unless it says otherwise, and for ever where it says so', async () => {
    const clock = new VirtualClock();
    const { address } = await serve(() => ({ echo: () => new Promise(() => {}) }), {
      concurrency: 'multiple',
      clock: new VirtualClock(),
    });
    const { client } = join(address, { clock, pingMs: 10 ** 9 });
    await client.open();
    const settled: string[] = [];
    void rejectionOf(client.service.echo()).then(({ kind }) => settled.push(`default ${kind}`));
    client.service.echo({}, { timeoutMs: Number.POSITIVE_INFINITY }).catch(() => settled.push('infinite'));
    await clock.advance(59_999);
    expect(settled).toEqual([]);
    await clock.advance(1);
    expect(settled).toEqual(['default timeout']);
    await clock.advance(24 * 3_600_000);
    expect(settled).toEqual(['default timeout']);
    client.abort();
  });

  it('ends with its own time, not with that of another', async () => {
    const clock = new VirtualClock();
    const { address } = await serve(() => ({ echo: () => new Promise(() => {}) }), { concurrency: 'multiple' });
    const { client } = join(address, { clock });
    const over: number[] = [];
    for (const timeoutMs of [300, 100, 200]) {
      void rejectionOf(client.service.echo({}, { timeoutMs })).then(() => over.push(timeoutMs));
    }
    for (let ms = 0; ms < 300; ms += 50) await clock.advance(50);
    expect(over).toEqual([100, 200, 300]);
  });
});
