import { Code, Fault } from 'grpc-duplex';
import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { deferred, record } from '../support/observe.js';
import { rejectionOf } from '../support/thrown-by.js';
import { VirtualClock } from '../support/virtual-clock.js';

describe('making the object that serves a session', () => {
  it('may take its time: calls wait for it, and run in order', async () => {
    const made = deferred();
    const seen: number[] = [];
    const { address } = await serve(async () => {
      await made.promise;
      return { note: ({ index }) => void seen.push(index), reset: () => ({}) };
    });
    const { client } = join(address);
    for (let index = 0; index < 10; index++) client.service.note({ index });
    const reset = client.service.reset();
    expect(client.status).toBe('opening');
    made.resolve();
    await reset;
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('may take longer than a client has for its Hello, for that is not its fault', async () => {
    const clock = new VirtualClock();
    const made = deferred<object>();
    const asked = deferred();
    const { address } = await serve(
      () => {
        asked.resolve();
        return made.promise;
      },
      { clock, handshakeTimeoutMs: 5_000 },
    );
    const { client } = join(address);
    const opened = client.open();
    await asked.promise;
    await clock.advance(7_000);
    made.resolve({});
    await opened;
    expect(client.status).toBe('opened');
  });

  it.each([
    [
      'thrown',
      () => {
        throw new Fault(Code.PERMISSION_DENIED, 'members only');
      },
    ],
    ['rejected', () => Promise.reject(new Fault(Code.PERMISSION_DENIED, 'members only'))],
  ] as const)('may be refused by a Fault, %s: the client gets its code and text', async (_, make) => {
    const { address, errors, service } = await serve(make);
    const { client } = join(address);
    const statuses = record(client.status$);
    const calls = [client.open(), client.service.echo(), client.service.note({ index: 1 })];
    for (const error of await Promise.all(calls.slice(0, 2).map(rejectionOf))) {
      expect(error).toMatchObject({
        kind: 'refused',
        code: Code.PERMISSION_DENIED,
        message: 'members only',
        origin: 'remote',
      });
    }
    expect(await client.closed).toMatchObject({
      kind: 'refused',
      code: Code.PERMISSION_DENIED,
      message: 'members only',
    });
    expect(statuses).toEqual(['created', 'opening', 'faulted', 'complete']);
    expect(errors).toEqual([]);
    expect(service.sessions.size).toBe(0);
  });

  it('may fail: the client learns an id, the host the reason', async () => {
    const { address, errors } = await serve(() => {
      throw new Error('cannot reach db.internal');
    });
    const { client } = join(address);
    const error = await rejectionOf(client.open());
    expect(error).toMatchObject({ kind: 'refused', code: Code.INTERNAL });
    expect(error.message).not.toContain('db.internal');
    expect(errors).toHaveLength(1);
    expect(errors[0]?.error.message).toContain('db.internal');
    expect(error.message).toContain(errors[0]?.error.errorId ?? 'no id');
  });

  it('may be refused to a plain client, too: by the status of its stream', async () => {
    const { address } = await serve(() => {
      throw new Fault(Code.RESOURCE_EXHAUSTED, 'full');
    });
    const { client } = join(address, { level: 'plain' });
    expect(await rejectionOf(client.service.echo())).toMatchObject({ kind: 'refused', code: Code.RESOURCE_EXHAUSTED });
  });

  it('is refused to nobody else: the next client is let in', async () => {
    let asked = 0;
    const { address } = await serve(() => {
      asked += 1;
      if (asked === 1) throw new Fault(Code.UNAUTHENTICATED, 'who?');
      return {};
    });
    expect((await rejectionOf(join(address).client.open())).code).toBe(Code.UNAUTHENTICATED);
    await join(address).client.open();
  });
});
