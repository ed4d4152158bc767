import { type ConnectOptions, connect, createChannelFactory } from 'grpc-duplex';
import { describe, expect, it } from 'vitest';
import { Code } from '../../../src/errors.js';
import { Everything } from '../../support/gen/testing/v1/everything_duplex.js';
import { rejectionOf, thrownBy } from '../../support/thrown-by.js';

describe('options of a client', () => {
  it.each([
    [{ openTimeoutMs: -1 }, 'openTimeoutMs is -1: write a whole number of milliseconds from 1 to 4294967295'],
    [{ pingMs: 1.5 }, 'pingMs is 1.5: write a whole number'],
    [{ resumeWindowMs: Number.NaN }, 'resumeWindowMs is NaN: write a whole number of milliseconds from 0'],
    [{ backoff: { firstMs: -1, maxMs: 5 } }, 'backoff.firstMs is -1: write a whole number of milliseconds from 0'],
    [{ level: 'fancy' }, 'level is "fancy": write session or plain'],
    [{ onLost: 'never' }, 'onLost is "never": write fault or renew'],
    [
      { backoff: { firstMs: 5_000, maxMs: 10 } },
      'backoff.firstMs is 5000: write no more than backoff.maxMs, which is 10',
    ],
    [{ backoff: null }, 'backoff is null: write an object'],
    [{ backoff: { first: 1 } }, 'there is no option backoff.first: there are firstMs, maxMs'],
    [{ interceptors: {} }, 'interceptors is an object: write an array of interceptors'],
    [{ interceptors: null }, 'interceptors is null: write an array of interceptors'],
    [{ interceptors: [5] }, 'interceptors is an array: write an array of interceptors'],
    [{ clock: {} }, 'clock is an object: write an object with the functions now, date, schedule'],
    [{ scheduler: {} }, 'scheduler is an object: write an object with the functions schedule'],
    [{ scheduler: null }, 'scheduler is null'],
    [{ onSession: 'x' }, 'onSession is "x": write a function'],
    [{ onError: 'x' }, 'onError is "x": write a function'],
    [{ retryOpen: 'yes' }, 'retryOpen is "yes": write true or false'],
    [{ onEror: () => {} }, 'there is no option onEror'],
    [{ handler: null }, 'handler is null: write an object with a function for each callback'],
    [{ handler: { noted: 5 } }, 'handler.noted is 5: write a function'],
    [{ handler: { notd: () => {} } }, "handler.notd is a function: write a callback's name: noted, "],
    [{ logger: null }, 'logger has no function info'],
    [{ logger: { info() {} } }, 'logger has no function warn: give an object with info, warn, error, such as console'],
  ])('%o are refused at once: the option is named, and what it may be', (options, message) => {
    const error = thrownBy(() => connect(Everything, 'localhost:1', options as ConnectOptions));
    expect(error).toMatchObject({ code: Code.INVALID_ARGUMENT, message: expect.stringContaining(message) });
  });

  it.each([
    ['no contract', () => connect(undefined as never, 'localhost:1'), 'the contract is undefined: write a contract'],
    [
      'an object that is none',
      () => connect({} as never, 'localhost:1'),
      'the contract is an object: write a contract',
    ],
    ['no address', () => connect(Everything, undefined as never), 'the address is undefined: write host:port'],
    ['null for an address', () => connect(Everything, null as never), 'the address is null: write host:port'],
  ])('beside %s are not looked at: that is told first', (_, make, message) => {
    expect(thrownBy(make)).toMatchObject({ code: Code.INVALID_ARGUMENT, message: expect.stringContaining(message) });
  });

  it('leave a handler of a class what it has beside its callbacks', () => {
    class Handler {
      readonly log = (): void => {};
      noted(): void {
        this.log();
      }
    }
    const options = { handler: new Handler() };
    expect(connect(Everything, 'localhost:1', options).status).toBe('created');
  });

  it('that a channel factory has of its own are checked as well', () => {
    const options = { address: 'localhost:1', connections: 'pooled' as 'shared' };
    expect(thrownBy(() => createChannelFactory(Everything, options))).toMatchObject({
      message: 'connections is "pooled": write separate or shared',
    });
    const none = { address: 'localhost:1', maxClients: 0 };
    expect(thrownBy(() => createChannelFactory(Everything, none))).toMatchObject({
      message: 'maxClients is 0: write a whole number from 1 up',
    });
  });

  it('may be undefined, which is to leave them out', () => {
    const options = { openTimeoutMs: undefined, onLost: undefined } as unknown as ConnectOptions;
    expect(connect(Everything, 'localhost:1', options).status).toBe('created');
  });
});

describe('the time-out of a call', () => {
  it.each([-5, 0, '500', null, Number.NaN])(
    'may not be %o: the call fails in its shape, and says what it may be',
    async (value) => {
      const timeoutMs = value as number;
      for (const options of [{}, { onSession: () => {} }]) {
        const { service } = connect(Everything, 'localhost:1', { retryOpen: true, ...options });
        const stream = new Promise((error) => service.count({}, { timeoutMs }).subscribe({ error }));
        for (const [name, failed] of [
          ['echo', rejectionOf(service.echo({}, { timeoutMs }))],
          ['count', stream],
        ] as const) {
          expect(await failed).toMatchObject({
            code: Code.INVALID_ARGUMENT,
            message: `timeoutMs of ${name} is ${JSON.stringify(value).replace('null', String(value))}: write milliseconds, more than 0, or Infinity for no limit`,
          });
        }
      }
    },
  );
});
