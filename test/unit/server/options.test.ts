import { createHost, type HostOptions, type InstancingOptions, type ServiceOptions } from 'grpc-duplex';
import { describe, expect, it } from 'vitest';
import { Code } from '../../../src/errors.js';
import { partly } from '../../support/everything.js';
import { Everything } from '../../support/gen/testing/v1/everything_duplex.js';
import { Other } from '../../support/gen/testing/v1/other_duplex.js';
import { thrownBy } from '../../support/thrown-by.js';

type AddOptions = ServiceOptions<Everything.State, Everything.Callbacks> & InstancingOptions;

describe('options of a host', () => {
  it.each([
    [null, 'the object of options is null: write an object'],
    [{ authenicate: () => undefined }, 'there is no option authenicate: there are '],
    [{ authenticate: null }, 'authenticate is null: write a function'],
    [{ authorize: 'x' }, 'authorize is "x": write a function'],
    [{ onError: {} }, 'onError is an object: write a function'],
    [{ interceptors: {} }, 'interceptors is an object: write an array of interceptors'],
    [{ interceptors: null }, 'interceptors is null: write an array'],
    [{ interceptors: [5] }, 'interceptors is an array: write an array of interceptors, objects with functions named'],
    [{ interceptors: [{ incomming() {} }] }, 'functions named incoming, outgoing, message, or some of them'],
    [{ clock: {} }, 'clock is an object: write an object with the functions now, date, schedule'],
    [{ operationContext: 'no' }, 'operationContext is "no": write auto or true or false'],
    [{ includeErrorDetail: 'false' }, 'includeErrorDetail is "false": write true or false'],
    [{ health: 1 }, 'health is 1: write true or false'],
    [{ serverOptions: '' }, 'serverOptions is "": write an object'],
    [{ logger: null }, 'logger has no function info'],
    [{ limits: null }, 'limits is null: write an object'],
    [{ limits: { session: 5 } }, 'there is no option limits.session: there are sessions, sessionsPerPrincipal, '],
    [{ limits: { sessions: '5' } }, 'limits.sessions is "5": write a whole number from 1 up'],
    [{ limits: { sessions: 1e300 } }, 'limits.sessions is 1e+300: write a whole number'],
    [{ limits: { retryAfterMs: 1e12 } }, 'limits.retryAfterMs is 1000000000000: write a whole number of milliseconds'],
  ])('%o are refused at once: the option is named, and what it may be', (options, message) => {
    const error = thrownBy(() => createHost(options as HostOptions));
    expect(error).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      message: expect.stringContaining(message),
    });
  });

  it('may be undefined, which is to leave them out', () => {
    const options = {
      limits: { sessions: undefined },
      authenticate: undefined,
    } as unknown as HostOptions;
    expect(createHost(options).counters.sessions).toBe(0);
  });
});

describe('what a service is added with', () => {
  it.each([
    [{ instancing: 'per_session' }, 'instancing is "per_session": write per-session or per-call or single'],
    [{ concurrency: 'mult' }, 'concurrency is "mult": write single or reentrant or multiple'],
    [{ slowClients: { tolds: 'latest' } }, 'there is no option slowClients.tolds: there are '],
    [{ slowClients: { confirm: 'latest' } }, 'there is no option slowClients.confirm: there are '],
    [{ slowClients: { noted: 'newest' } }, 'slowClients.noted is "newest": write wait or latest or drop-oldest'],
    [{ slowClients: null }, 'slowClients is null: write an object'],
    [{ initialState: 5 }, 'initialState is 5: write a testing.v1.'],
    [{ initialState: { counter: 'x' } }, 'initialState is an object: write a testing.v1.'],
    [{ initalState: {} }, 'there is no option initalState: there are initialState, '],
  ])('%o is refused at once: the option is named, and what it may be', (options, message) => {
    const error = thrownBy(() => createHost().add(Everything, () => partly({}), options as AddOptions));
    expect(error).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      message: expect.stringContaining(message),
    });
  });

  it('has to be a contract, and a function that makes what serves it', () => {
    const host = createHost();
    expect(thrownBy(() => host.add({} as typeof Everything, () => partly({})))).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      message: 'the contract is an object: write a contract, such as generated code exports',
    });
    expect(thrownBy(() => host.add(Everything, {} as () => Everything.Handler))).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      message: expect.stringContaining('the factory of testing.v1.EverythingService is an object: write a function'),
    });
  });

  it('is one service for each contract', () => {
    const host = createHost();
    host.add(Everything, () => partly({}));
    host.add(Other, () => ({}) as Other.Handler);
    expect(thrownBy(() => host.add(Everything, () => partly({})))).toMatchObject({
      code: Code.ALREADY_EXISTS,
      message: expect.stringContaining('the host serves testing.v1.EverythingDuplexService already'),
    });
  });
});
