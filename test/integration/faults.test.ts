import { Code, DuplexError, Fault } from 'grpc-duplex';
import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { DivideByZero, Refused } from '../support/gen/testing/v1/everything.js';
import { eventually } from '../support/observe.js';
import { rejectionOf } from '../support/thrown-by.js';

const dividing = () => ({
  divide({ dividend, divisor }: { dividend: number; divisor: number }) {
    if (divisor !== 0) return { quotient: Math.trunc(dividend / divisor) };
    throw new Fault(Code.INVALID_ARGUMENT, 'the divisor is 0', [[DivideByZero, { dividend }]]);
  },
});

describe('a fault', () => {
  it('of an operation reaches its caller typed, with its details, and ends nothing', async () => {
    const { address, errors } = await serve(dividing);
    const { client } = join(address);
    const error = await rejectionOf(client.service.divide({ dividend: 7, divisor: 0 }));
    expect(error).toBeInstanceOf(Fault);
    expect(error).toMatchObject({
      kind: 'fault',
      code: Code.INVALID_ARGUMENT,
      message: 'the divisor is 0',
      origin: 'remote',
      executed: 'yes',
    });
    expect(error.detail(DivideByZero)).toEqual({ dividend: 7 });
    expect(error.detail(Refused)).toBeUndefined();
    await expect(client.service.divide({ dividend: 7, divisor: 2 })).resolves.toEqual({ quotient: 3 });
    expect(client.status).toBe('opened');
    // Its caller knows it: that is no news for the host.
    expect(errors).toEqual([]);
  });

  it.each(['thrown', 'rejected'])('of a callback reaches the service typed, %s', async (how) => {
    const caught: DuplexError[] = [];
    const { address } = await serve((session) => ({
      async ask({ question }) {
        caught.push(await rejectionOf(session.callback.confirm({ question })));
        return { answer: 'sorry' };
      },
    }));
    const fault = new Fault(Code.PERMISSION_DENIED, 'do not ask', [[Refused, { reason: 'busy' }]]);
    const { client, errors } = join(address, {
      handler: {
        confirm() {
          if (how === 'thrown') throw fault;
          return Promise.reject(fault);
        },
      },
    });
    await expect(client.service.ask({ question: '?' })).resolves.toEqual({ answer: 'sorry' });
    expect(caught[0]).toMatchObject({ code: Code.PERMISSION_DENIED, message: 'do not ask', origin: 'remote' });
    expect(caught[0]?.detail(Refused)).toEqual({ reason: 'busy' });
    expect(errors).toEqual([]);
  });
});

describe('the details of a fault', () => {
  it('stay where they are if the contract does not declare them, and the host hears of it', async () => {
    const { address, errors } = await serve(() => ({
      divide({ dividend }) {
        throw new Fault(Code.INVALID_ARGUMENT, 'no', [
          [Refused, { reason: 'secret' }],
          [DivideByZero, { dividend }],
        ]);
      },
    }));
    const error = await rejectionOf(join(address).client.service.divide({ dividend: 7 }));
    expect(error).toMatchObject({ code: Code.INVALID_ARGUMENT, message: 'no' });
    expect(error.detail(DivideByZero)).toEqual({ dividend: 7 });
    expect(error.detail(Refused)).toBeUndefined();
    expect(errors).toMatchObject([
      { method: 'divide', error: { message: expect.stringContaining('testing.v1.Refused') } },
    ]);
  });
});

describe('the error hook', () => {
  it('may say what the caller is told of an error that is no fault, and sees it once', async () => {
    const seen: string[] = [];
    const { address } = await serve(
      () => ({
        echo(): never {
          throw new Error('no such row');
        },
        divide: () => Promise.reject(new Error('unknown')),
      }),
      {
        onError(error, { method }) {
          seen.push(`${method}: ${(error.cause as Error).message}`);
          return seen.length === 1 ? new Fault(Code.NOT_FOUND, 'there is none') : undefined;
        },
      },
    );
    const { client } = join(address);
    expect(await rejectionOf(client.service.echo())).toMatchObject({ code: Code.NOT_FOUND, message: 'there is none' });
    expect(await rejectionOf(client.service.divide())).toMatchObject({ code: Code.INTERNAL });
    expect(seen).toEqual(['echo: no such row', 'divide: unknown']);
  });

  it('does the same at a client, and where a session is refused', async () => {
    const { address } = await serve((session) => ({
      ask: async () => ({ answer: (await rejectionOf(session.callback.confirm())).message }),
    }));
    const { client } = join(address, {
      handler: {
        confirm() {
          throw new Error('my diary');
        },
      },
      onError: () => new Fault(Code.UNAVAILABLE, 'ask me later'),
    });
    await expect(client.service.ask()).resolves.toEqual({ answer: 'ask me later' });
    const refusing = await serve(() => Promise.reject(new Error('db.internal is down')), {
      onError: () => new Fault(Code.UNAVAILABLE, 'try again'),
    });
    expect(await rejectionOf(join(refusing.address).client.open())).toMatchObject({
      code: Code.UNAVAILABLE,
      message: 'try again',
    });
  });
});

describe('an unexpected error', () => {
  const failing = () => ({
    echo(): never {
      throw new Error('password is 1234');
    },
    divide: () => Promise.reject(new DuplexError('unavailable', 'db.internal:5432 is down')),
  });

  it('is hidden from the caller behind an id under which the host hears of it', async () => {
    const { address, errors } = await serve(failing);
    const { client } = join(address);
    for (const call of [client.service.echo(), client.service.divide()]) {
      const error = await rejectionOf(call);
      expect(error).toMatchObject({ kind: 'fault', code: Code.INTERNAL, origin: 'remote' });
      expect(JSON.stringify({ ...error, message: error.message, stack: '' })).not.toMatch(/password|5432/);
      expect(error.errorId).toBeTruthy();
      const report = errors.find((reported) => reported.error.errorId === error.errorId);
      expect(report?.error.message).toMatch(/password is 1234|5432 is down/);
    }
    expect(errors.map(({ contract, method }) => `${contract} ${method}`)).toEqual([
      'testing.v1.EverythingService echo',
      'testing.v1.EverythingService divide',
    ]);
    expect(client.status).toBe('opened');
  });

  it('is shown where the host says so', async () => {
    const { address } = await serve(failing, { includeErrorDetail: true });
    const { client } = join(address);
    const error = await rejectionOf(client.service.echo());
    expect(error).toMatchObject({ code: Code.INTERNAL, message: 'password is 1234' });
  });

  it('of a callback is hidden from the service, or shown where the client says so', async () => {
    const caught: DuplexError[] = [];
    const { address } = await serve((session) => ({
      async ask() {
        caught.push(await rejectionOf(session.callback.confirm({})));
        return {};
      },
    }));
    const confirm = (): never => {
      throw new Error('my diary');
    };
    const hiding = join(address, { handler: { confirm } });
    await hiding.client.service.ask();
    expect(hiding.errors).toMatchObject([
      { method: 'confirm', error: { message: expect.stringContaining('my diary') } },
    ]);
    await join(address, { handler: { confirm }, includeErrorDetail: true }).client.service.ask();
    expect(caught.map(({ message }) => message)).toEqual([expect.stringMatching(/^internal error /), 'my diary']);
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'no'],
    ['null', null],
    ['an object without a prototype', Object.create(null)],
  ])('may be anything, even %s', async (_, thrown: unknown) => {
    const { address, errors } = await serve(() => ({
      echo(): never {
        throw thrown;
      },
      divide: () => Promise.reject(thrown),
    }));
    const { client } = join(address);
    expect(await rejectionOf(client.service.echo({}, { timeoutMs: 2_000 }))).toMatchObject({ code: Code.INTERNAL });
    expect(await rejectionOf(client.service.divide({}, { timeoutMs: 2_000 }))).toMatchObject({ code: Code.INTERNAL });
    expect(errors).toHaveLength(2);
  });

  it('of a one-way operation is reported at the host and ends nothing', async () => {
    const { address, errors } = await serve(() => ({
      fail({ text }) {
        throw new Error(text);
      },
      note: () => Promise.reject(new Error('later')),
      reset: () => ({}),
    }));
    const { client } = join(address);
    await client.service.fail({ text: 'at once' });
    await client.service.note();
    await client.service.reset();
    expect(errors.map(({ method, error: { message } }) => `${method}: ${message}`)).toEqual([
      expect.stringMatching(/^fail: at once/),
      expect.stringMatching(/^note: later/),
    ]);
    expect(client.status).toBe('opened');
  });

  it('of a one-way callback is reported at the client and ends nothing', async () => {
    const { address, sessions } = await serve();
    const { client, errors } = join(address, {
      handler: {
        noted() {
          throw new Error('at once');
        },
        progressed: () => Promise.reject(new Error('later')),
        confirm: () => ({ answer: 'still there' }),
      },
    });
    await client.open();
    await sessions[0]?.callback.noted();
    await sessions[0]?.callback.progressed();
    await expect(sessions[0]?.callback.confirm()).resolves.toMatchObject({ answer: 'still there' });
    await eventually(() => expect(errors).toHaveLength(2));
    expect(errors.map(({ method }) => method)).toEqual(['noted', 'progressed']);
  });
});

describe('a method that the other side does not have', () => {
  it('is UNIMPLEMENTED for who awaits an answer', async () => {
    const { address } = await serve((session) => ({
      async ask() {
        const error = await rejectionOf(session.callback.confirm());
        return { answer: `${error.code}` };
      },
    }));
    const { client } = join(address);
    expect(await rejectionOf(client.service.echo())).toMatchObject({ kind: 'fault', code: Code.UNIMPLEMENTED });
    await expect(client.service.ask()).resolves.toEqual({ answer: `${Code.UNIMPLEMENTED}` });
  });
});

describe('a request that cannot be encoded', () => {
  it('is INVALID_ARGUMENT for its caller, before anything is sent', async () => {
    const { address, sessions } = await serve(() => ({ echo: ({ text }) => ({ text }) }));
    const { client, errors } = join(address);
    const error = await rejectionOf(client.service.echo({ delayMs: 1.5 }));
    expect(error).toMatchObject({ code: Code.INVALID_ARGUMENT, origin: 'local', executed: 'no' });
    expect(error.message).toContain('testing.v1.EchoRequest');
    expect(await rejectionOf(client.service.note({ index: 2 ** 40 }))).toMatchObject({ code: Code.INVALID_ARGUMENT });
    await expect(client.service.echo({ text: 'fine' })).resolves.toMatchObject({ text: 'fine' });
    expect(sessions).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  it('is a hidden INTERNAL for the caller when the reply is the one that cannot', async () => {
    const { address, errors } = await serve(() => ({ divide: () => ({ quotient: Number.NaN }) }));
    const { client } = join(address);
    expect(await rejectionOf(client.service.divide())).toMatchObject({ code: Code.INTERNAL, origin: 'remote' });
    expect(errors[0]).toMatchObject({
      method: 'divide',
      error: { message: expect.stringContaining('DivideResponse') },
    });
  });
});
