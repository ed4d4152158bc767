import {
  type Authenticate,
  type Authorize,
  Code,
  type ConnectOptions,
  connect,
  createHost,
  type DuplexError,
  type HostOptions,
  type Principal,
} from 'grpc-duplex';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { join, partly, type ServeOptions, serve } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred, eventually } from '../support/observe.js';
import { rejectionOf } from '../support/thrown-by.js';
import { VirtualClock } from '../support/virtual-clock.js';

const id = /internal error [0-9a-f-]{36}$/;

async function guarded(verdict: (clock: VirtualClock) => unknown, options: HostOptions<Principal> = {}) {
  const clock = new VirtualClock();
  const errors: DuplexError[] = [];
  const served: unknown[] = [];
  const host = createHost<Principal>({
    ...{ clock, pingMs: 1_000_000_000, idleTimeoutMs: 0, onError: (error) => errors.push(error) },
    ...options,
    authenticate: (() => verdict(clock)) as Authenticate<Principal>,
  });
  onTestFinished(() => {
    void host.stop();
  });
  const service = host.add(Everything, (session) => {
    served.push(session.principal);
    return partly({ echo: ({ text }) => ({ text }) });
  });
  const { address } = await host.listen('localhost:0');
  const dial = (more: ConnectOptions = {}) => {
    const client = connect(Everything, address, { clock, pingMs: 1_000_000_000, onError: () => {}, ...more });
    onTestFinished(() => client.abort());
    return client;
  };
  return { clock, host, address, service, errors, served, dial };
}

describe('what authenticate returns', () => {
  it.each([false, 0, '', Number.NaN, null, undefined])('lets nobody in if it is %s', async (verdict) => {
    const { dial, errors, served } = await guarded(async () => verdict);
    expect(await rejectionOf(dial().open())).toMatchObject({ kind: 'refused', code: Code.UNAUTHENTICATED });
    expect(served).toEqual([]);
    expect(errors).toEqual([]);
  });

  const bad = 'of the principal that authenticate returned is';
  it.each<[unknown, string]>([
    [true, 'the principal that authenticate returned is true: write an object'],
    ['ann', 'the principal that authenticate returned is "ann": write an object'],
    [[{ id: 'ann' }], 'the principal that authenticate returned is an array: write an object'],
    [{}, `the id ${bad} undefined: write a text`],
    [{ id: 42 }, `the id ${bad} 42: write a text`],
    [{ id: null }, `the id ${bad} null: write a text`],
    [{ id: '' }, `the id ${bad} "": write a text`],
    [{ id: 'ann', expiresAt: 5e12 }, `the expiresAt ${bad} 5000000000000: write a Date`],
    [{ id: 'ann', expiresAt: '2099-01-01' }, `the expiresAt ${bad} "2099-01-01": write a Date`],
    [{ id: 'ann', expiresAt: null }, `the expiresAt ${bad} null: write a Date`],
    [{ id: 'ann', expiresAt: new Date(Number.NaN) }, `the expiresAt ${bad} an Invalid Date: write a Date`],
  ])('turns the client away if it is %o, and tells the host alone what is wrong with it', async (verdict, message) => {
    const { dial, errors, served, host } = await guarded(() => verdict);
    for (const level of ['session', 'plain'] as const) {
      const error = await rejectionOf(dial({ level }).service.echo());
      expect(error).toMatchObject({ code: Code.INTERNAL, message: expect.stringMatching(id) });
    }
    expect(errors.map(({ message: text }) => text)).toEqual(
      Array.from({ length: 2 }, () => expect.stringContaining(message)),
    );
    expect(served).toEqual([]);
    expect(host.counters.sessions).toBe(0);
  });

  it('leaves a session as it was if it is no principal when credentials are renewed', async () => {
    const good = (clock: VirtualClock): Principal => ({ id: 'ann', expiresAt: new Date(clock.date() + 300_000) });
    const bad = { id: 'ann', expiresAt: new Date(Number.NaN) };
    let known = false;
    const { clock, dial, errors, service } = await guarded((now) => {
      if (known) return bad;
      known = true;
      return good(now);
    });
    const client = dial({ sessionCredentials: { scheme: 'bearer', value: 'ann' } });
    await client.open();
    await clock.advance(240_000);
    await eventually(() => expect(errors).toHaveLength(1));
    expect(errors[0]?.message).toContain('the expiresAt of the principal');
    await client.service.echo({}, { timeoutMs: Number.POSITIVE_INFINITY });
    expect(service.sessions.size).toBe(1);
  });
});

describe('what authorize returns', () => {
  async function authorized(authorize: () => unknown, options: ServeOptions = {}) {
    const ran: string[] = [];
    const serving = await serve(
      (session) => ({
        echo({ text }) {
          ran.push('echo');
          return { text };
        },
        note: () => void ran.push('note'),
        async *count() {
          ran.push('count');
          yield { value: 1 };
          await session.closed;
        },
      }),
      { ...options, authorize: authorize as Authorize<Principal | undefined> },
    );
    return { ...serving, ran, client: join(serving.address).client };
  }

  it('may be a promise: an operation runs when it is permitted, and those behind it after it', async () => {
    const gates = [deferred<boolean>(), deferred<boolean>()];
    const asked: unknown[] = [];
    const { client, ran } = await authorized(() => gates[asked.push(0) - 1]?.promise);
    const echoed = client.service.echo({ text: 'a' });
    const noted = client.service.note({ index: 1 });
    await eventually(() => expect(asked).toHaveLength(1));
    expect(ran).toEqual([]);
    gates[0]?.resolve(true);
    await expect(echoed).resolves.toMatchObject({ text: 'a' });
    await noted;
    gates[1]?.resolve(true);
    await eventually(() => expect(ran).toEqual(['echo', 'note']));
  });

  it.each([false, Promise.resolve(false)])('denies by %s, and nothing runs', async (verdict) => {
    const { client, ran, errors } = await authorized(() => verdict);
    expect(await rejectionOf(client.service.echo())).toMatchObject({
      code: Code.PERMISSION_DENIED,
      message: 'Echo is not permitted',
    });
    const replies = await rejectionOf(firstValueFrom(client.service.count()));
    expect(replies).toMatchObject({ code: Code.PERMISSION_DENIED });
    await client.service.note({ index: 1 });
    await eventually(() => expect(errors).toMatchObject([{ method: 'note', error: { code: Code.PERMISSION_DENIED } }]));
    expect(ran).toEqual([]);
    expect(client.status).toBe('opened');
  });

  it.each<[unknown, string]>([
    [undefined, 'undefined'],
    [1, '1'],
    [[], 'an array'],
    ['yes', '"yes"'],
    [Promise.resolve({}), 'an object'],
  ])('denies if it is neither true nor false: %o, and the host hears of it', async (verdict, shown) => {
    const { client, ran, errors } = await authorized(() => verdict);
    expect(await rejectionOf(client.service.echo())).toMatchObject({
      code: Code.INTERNAL,
      message: expect.stringMatching(id),
    });
    expect(errors[0]?.error.message).toContain(
      `what authorize returned for Echo is ${shown}: write true or false, or a promise of one of them`,
    );
    expect(ran).toEqual([]);
  });

  it('denies if it throws or rejects, and tells the host alone why', async () => {
    for (const fail of [
      () => {
        throw new Error('secret');
      },
      () => Promise.reject(new Error('secret')),
    ]) {
      const { client, ran, errors } = await authorized(fail);
      expect(await rejectionOf(client.service.echo())).toMatchObject({ message: expect.stringMatching(id) });
      expect(errors[0]?.error.message).toContain('secret');
      expect(ran).toEqual([]);
    }
  });

  it('is not waited for by a call that was cancelled meanwhile', async () => {
    const gate = deferred<boolean>();
    const asked: unknown[] = [];
    const { client, ran } = await authorized(
      () => {
        asked.push(0);
        return gate.promise;
      },
      { concurrency: 'multiple' },
    );
    const controller = new AbortController();
    const echoed = rejectionOf(client.service.echo({}, { signal: controller.signal }));
    await eventually(() => expect(asked).toHaveLength(1));
    controller.abort();
    await echoed;
    // What comes behind the cancel shows that the host has it.
    await client.service.note({ index: 1 });
    await eventually(() => expect(asked).toHaveLength(2));
    gate.resolve(true);
    await eventually(() => expect(ran).toEqual(['note']));
  });
});

describe('an onError that fails', () => {
  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('the hook is broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the hook is broken'))],
  ])('tells the client nothing of it, and ends nothing: %s', async (_, onError) => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    onTestFinished(() => printed.mockRestore());
    const { address } = await serve(
      () => ({
        echo(): never {
          throw new Error('secret');
        },
        note(): never {
          throw new Error('secret');
        },
        divide: () => ({ quotient: 1 }),
        [Symbol.dispose]() {
          throw new Error('secret');
        },
      }),
      { onError },
    );
    const { client } = join(address);
    expect(await rejectionOf(client.service.echo())).toMatchObject({ message: expect.stringMatching(id) });
    await client.service.note();
    await expect(client.service.divide()).resolves.toEqual({ quotient: 1 });
    expect(await client.close()).toMatchObject({ kind: 'closed' });
    await eventually(() => expect(printed.mock.calls.flat().join()).toContain('the hook is broken'));
  });

  it('lets nobody in whom authenticate could not tell', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    onTestFinished(() => printed.mockRestore());
    const onError = () => {
      throw new Error('the hook is broken');
    };
    const { dial } = await guarded(() => ({ id: 42 }), { onError });
    expect(await rejectionOf(dial().open())).toMatchObject({ message: expect.stringMatching(id) });
  });
});
