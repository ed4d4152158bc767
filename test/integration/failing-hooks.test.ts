import {
  Code,
  type ConnectOptions,
  connect,
  createChannelFactory,
  createHost,
  type ErrorListener,
  Fault,
  type Logger,
  type LogRecord,
  type SessionCredentials,
} from 'grpc-duplex';
import { animationFrameScheduler, type SchedulerLike } from 'rxjs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { join, partly, serve } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { eventually } from '../support/observe.js';
import { rejectionOf, thrownBy } from '../support/thrown-by.js';
import { VirtualClock } from '../support/virtual-clock.js';

// A test fails by itself if anything in it rejects unhandled, or throws where nobody can catch it.

/** What the code under test writes to stderr, in place of writing it. */
function stderr(): readonly string[] {
  const lines: string[] = [];
  const spy = vi.spyOn(console, 'error').mockImplementation((...said: unknown[]) => void lines.push(said.join(' ')));
  onTestFinished(() => spy.mockRestore());
  return lines;
}

/** A service that fails in every way that goes to `onError`. */
const failing = () =>
  partly({
    echo: ({ text }) => {
      if (text === 'fault') throw new Fault(Code.NOT_FOUND, 'no such text');
      if (text === 'bug') throw new RangeError('a bug');
      return { text };
    },
    note() {
      throw new RangeError('a bug in note');
    },
  });

const hooks: readonly (readonly [string, ErrorListener])[] = [
  [
    'throws',
    () => {
      throw new Error('the hook is broken');
    },
  ],
  ['rejects', () => Promise.reject(new Error('the hook is broken'))],
];

describe.each(hooks)('an onError that %s', (_, onError) => {
  it('changes nothing at a host: calls are answered, and what it did not take is written to stderr', async () => {
    const written = stderr();
    const { address } = await serve(failing, { onError });
    const { client } = join(address);
    expect(await rejectionOf(client.service.echo({ text: 'bug' }))).toMatchObject({ code: Code.INTERNAL });
    await client.service.note({ index: 1 });
    await expect(client.service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'a' });
    await eventually(() => {
      for (const text of ['a bug', 'a bug in note', 'onError failed: the hook is broken']) {
        expect(written.join('\n')).toContain(text);
      }
    });
  });

  it('changes nothing at a client: it becomes `faulted`, and `closed` resolves', async () => {
    const written = stderr();
    const client = connect(Everything, 'localhost:1', { onError });
    expect(await rejectionOf(client.open())).toMatchObject({ kind: 'unavailable' });
    expect(await client.closed).toMatchObject({ kind: 'unavailable' });
    expect(client.status).toBe('faulted');
    await eventually(() => expect(written.join('\n')).toContain('onError failed: the hook is broken'));
  });

  it('leaves the errors to the logger, where there is one', async () => {
    const records: LogRecord[] = [];
    const take = (record: LogRecord): void => void records.push(record);
    const logger: Logger = { info: take, warn: take, error: take };
    const { address } = await serve(failing, { onError, logger });
    await rejectionOf(join(address).client.service.echo({ text: 'bug' }));
    await eventually(() =>
      expect(records.filter(({ event }) => event === 'error').map(({ reason }) => reason)).toEqual([
        expect.stringContaining('a bug'),
        'onError failed: the hook is broken',
      ]),
    );
  });
});

it('a logger whose functions reject harms nobody, and its failure is written to stderr', async () => {
  const written = stderr();
  const reject = (): never => Promise.reject(new Error('the disk is full')) as never;
  const logger: Logger = { info: reject, warn: reject, error: reject };
  const { address, host } = await serve(failing, { logger });
  const { client } = join(address, { logger });
  await client.service.echo({ text: 'a' });
  await client.close();
  await host.stop();
  // That the host listens and has stopped; and for both sides, that the session was opened and closed.
  await eventually(() => expect(written).toEqual(new Array(6).fill('the logger failed: the disk is full')));
});

describe('a scheduler that fails', () => {
  const broken: SchedulerLike = {
    now: Date.now,
    schedule() {
      throw new Error('no frames here');
    },
  };

  it.each([
    ['by itself', broken, 'no frames here'],
    ['because there are no animation frames in Node', animationFrameScheduler, 'requestAnimationFrame is not defined'],
  ])('%s delays nothing: all is delivered in order, and the failure is told once', async (_, scheduler, reason) => {
    const { address } = await serve((session) =>
      partly({
        echo({ text }) {
          for (let index = 0; index < 3; index++) session.callback.noted({ index });
          return { text };
        },
      }),
    );
    const { client, errors } = join(address, { scheduler });
    const told: unknown[] = [];
    client.callbacks.noted$.subscribe(({ index }) => told.push(index));
    told.push(await client.service.echo({ text: 'a' }));
    expect(told).toMatchObject([0, 1, 2, { text: 'a' }]);
    expect(await client.close()).toMatchObject({ kind: 'closed' });
    expect(client.status).toBe('closed');
    const text = `scheduler failed: ${reason}; what comes for the application is delivered without it`;
    expect(errors.map(({ error }) => error.message)).toEqual([text]);
  });
});

describe('session credentials', () => {
  const shape = "sessionCredentials are { scheme, value }: a text such as 'bearer', and a text or bytes";
  const wrong: readonly (readonly [string, unknown])[] = [
    ['undefined', undefined],
    ['null', null],
    ['a text', 'secret'],
    ['an object without a scheme', { value: 'secret' }],
    ['an object without a value', { scheme: 'bearer' }],
    ['a number for a value', { scheme: 'bearer', value: 7 }],
  ];

  it.each(wrong)('that a function gives as %s say what they have to be', async (_, value) => {
    const { address } = await serve(failing);
    for (const source of [() => value, async () => value]) {
      const { client } = join(address, { sessionCredentials: source as () => SessionCredentials });
      const error = await rejectionOf(client.open());
      expect(error).toMatchObject({ kind: 'unavailable', message: `no credentials for the session: ${shape}` });
      expect(await client.closed).toMatchObject({ kind: 'unavailable' });
    }
  });

  it.each(wrong.slice(1))('that are %s are refused by connect', (_, value) => {
    const options = { sessionCredentials: value } as ConnectOptions<Everything.Callbacks, Everything.Operations>;
    expect(thrownBy(() => connect(Everything, 'localhost:1', options))).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      message: shape,
    });
  });

  it('that turn bad in a living session are told to onError, or to the logger; the session goes on', async () => {
    const clock = new VirtualClock();
    const host = createHost({
      ...{ clock, pingMs: 60_000_000, idleTimeoutMs: 0 },
      authenticate: () => ({ id: 'ann', expiresAt: new Date(clock.date() + 300_000) }),
    });
    onTestFinished(() => void host.stop());
    host.add(Everything, () => partly({ echo: ({ text }) => ({ text }) }));
    const { address } = await host.listen('localhost:0');
    const records: LogRecord[] = [];
    const take = (record: LogRecord): void => void records.push(record);
    const once = () => {
      const given: (SessionCredentials | undefined)[] = [{ scheme: 'bearer', value: 'ann' }];
      return async () => given.shift() as SessionCredentials;
    };
    const common = { clock, pingMs: 60_000_000 };
    const told = join(address, { ...common, sessionCredentials: once() });
    const logged = connect(Everything, address, {
      ...{ ...common, sessionCredentials: once() },
      logger: { info: () => {}, warn: () => {}, error: take },
    });
    onTestFinished(() => logged.abort());
    await Promise.all([told.client.open(), logged.open()]);
    await clock.advance(240_000);
    const message = `no credentials for the session: ${shape}`;
    await eventually(() => expect(told.errors).toMatchObject([{ error: { message } }]));
    await eventually(() => expect(records).toMatchObject([{ event: 'error', side: 'client', reason: message }]));
    await expect(told.client.service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'a' });
  });
});

describe('metadata that cannot be sent', () => {
  const secret = 'Bearer s3cret';
  const wrong: readonly (readonly [string, unknown, string])[] = [
    ['a line break', { authorization: `${secret}\n` }, 'metadata authorization: its text has a line break'],
    ['letters that are not ASCII', { user: `Jörg ${secret}` }, 'metadata user: its text has a line break or is not'],
    ['a bad name', { 'a b': secret }, 'metadata "a b": a name is of letters'],
    ['text where bytes belong', { 'token-bin': secret }, 'metadata token-bin is bytes'],
    ['no text', { authorization: undefined }, 'metadata authorization is no text'],
    ['null', null, 'metadata is no object'],
    ['a text alone', secret, 'metadata is no object'],
  ];

  it.each(wrong)('because of %s is refused by connect and by a factory, without its value', (_, value, message) => {
    const metadata = value as Record<string, string>;
    for (const make of [
      () => connect(Everything, 'localhost:1', { metadata }),
      () => createChannelFactory(Everything, { address: 'localhost:1', metadata, connections: 'shared' }),
    ]) {
      const error = thrownBy(make);
      expect(error).toMatchObject({ code: Code.INVALID_ARGUMENT, message: expect.stringContaining(message) });
      expect(String(error)).not.toContain('s3cret');
    }
  });

  it.each(wrong)(
    'because of %s, where a function gives it, is told by open, without its value',
    async (_, value, message) => {
      const { address } = await serve(failing);
      const { client } = join(address, { metadata: async () => value as Record<string, string> });
      const error = await rejectionOf(client.open());
      expect(error).toMatchObject({ kind: 'unavailable', message: expect.stringContaining(message) });
      expect(error.message).not.toContain('s3cret');
    },
  );
});

it('credentials of the connection that grpc-js refuses are refused by connect', () => {
  const credentials = {} as NonNullable<ConnectOptions['credentials']>;
  expect(thrownBy(() => connect(Everything, 'localhost:1', { credentials }))).toMatchObject({
    code: Code.INVALID_ARGUMENT,
    message: expect.stringContaining('grpc-js refuses credentials or channelOptions: '),
  });
});

it('options of grpc-js clients that a session would not heed are refused by name', () => {
  const channelOptions = { interceptors: [] };
  expect(thrownBy(() => connect(Everything, 'localhost:1', { channelOptions }))).toMatchObject({
    code: Code.INVALID_ARGUMENT,
    message: expect.stringContaining('channelOptions.interceptors is for clients of grpc-js'),
  });
});
