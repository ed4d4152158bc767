import { type ConnectOptions, connect, createChannelFactory } from 'grpc-duplex';
import { describe, expect, it } from 'vitest';
import { Code } from '../../../src/errors.js';
import { Everything } from '../../support/gen/testing/v1/everything_duplex.js';
import { thrownBy } from '../../support/thrown-by.js';

describe('options of a client', () => {
  it.each([
    [{ openTimeoutMs: -1 }, 'openTimeoutMs is -1: write a whole number of milliseconds from 1 to 4294967295'],
    [{ pingMs: 1.5 }, 'pingMs is 1.5: write a whole number'],
    [{ resumeWindowMs: Number.NaN }, 'resumeWindowMs is NaN: write a whole number of milliseconds from 0'],
    [{ backoff: { firstMs: -1, maxMs: 5 } }, 'backoff.firstMs is -1: write a whole number of milliseconds from 0'],
    [{ level: 'fancy' }, 'level is "fancy": write session or plain'],
    [{ onLost: 'never' }, 'onLost is "never": write fault or renew'],
    [{ logger: { info() {} } }, 'logger has no function warn: give an object with info, warn, error, such as console'],
  ])('%o are refused at once: the option is named, and what it may be', (options, message) => {
    const error = thrownBy(() => connect(Everything, 'localhost:1', options as ConnectOptions));
    expect(error).toMatchObject({ code: Code.INVALID_ARGUMENT, message: expect.stringContaining(message) });
  });

  it('that a channel factory has of its own are checked as well', () => {
    const options = { address: 'localhost:1', connections: 'pooled' as 'shared' };
    expect(thrownBy(() => createChannelFactory(Everything, options))).toMatchObject({
      message: 'connections is "pooled": write separate or shared',
    });
  });

  it('may be undefined, which is to leave them out', () => {
    const options = { openTimeoutMs: undefined, onLost: undefined } as unknown as ConnectOptions;
    expect(connect(Everything, 'localhost:1', options).status).toBe('created');
  });
});
