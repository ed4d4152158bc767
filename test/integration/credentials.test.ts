import {
  type AuthenticationRequest,
  bearerToken,
  Code,
  type ConnectOptions,
  connect,
  createHost,
  Fault,
  type HostOptions,
  type Principal,
  type SessionCredentials,
} from 'grpc-duplex';
import { describe, expect, it, onTestFinished } from 'vitest';
import { control } from '../support/envelope.js';
import { partly } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred, eventually, record } from '../support/observe.js';
import { RawStream } from '../support/raw-stream.js';
import { rejectionOf } from '../support/thrown-by.js';
import { VirtualClock } from '../support/virtual-clock.js';

const MINUTE = 60_000;
/** On a clock that a test moves, over a real network: nobody is to be missed meanwhile. */
const unhurried = { pingMs: 1_000 * MINUTE };
const patient = { timeoutMs: Number.POSITIVE_INFINITY };

interface User extends Principal {
  readonly token: string;
}

/** Tokens are `NAME` or `NAME.ANYTHING`, and last for five minutes from when they are shown; `bad` is a bad one. */
function byToken(clock: VirtualClock) {
  return (request: AuthenticationRequest): User | undefined => {
    const token = bearerToken(request);
    if (token === undefined || token.startsWith('bad')) return undefined;
    return { id: token.replace(/\..*/, ''), token, expiresAt: new Date(clock.date() + 5 * MINUTE) };
  };
}

type Guard = (request: AuthenticationRequest) => User | undefined | Promise<User | undefined>;

/** A service behind a guard, on a clock that stands still. */
async function guarded(makeGuard: (clock: VirtualClock) => Guard = byToken, options: HostOptions<User> = {}) {
  const clock = new VirtualClock();
  const guard = makeGuard(clock);
  const requests: AuthenticationRequest[] = [];
  const errors: Error[] = [];
  const host = createHost({
    ...{ clock, ...unhurried, idleTimeoutMs: 0, onError: (error) => errors.push(error) },
    ...options,
    authenticate(request: AuthenticationRequest) {
      requests.push(request);
      return guard(request);
    },
  });
  onTestFinished(() => {
    void host.stop();
  });
  const pending = deferred();
  const service = host.add(
    Everything,
    (session) =>
      partly({
        echo: ({ text }) => ({ text: `${session.principal.token}: ${text}` }),
        async ask() {
          await pending.promise;
          return { answer: 'asked' };
        },
      }),
    { concurrency: 'multiple' },
  );
  const { address } = await host.listen('localhost:0');
  const dial = (credentials: ConnectOptions['sessionCredentials'], more: ConnectOptions = {}) => {
    const reported: Error[] = [];
    const sessionCredentials = credentials && { sessionCredentials: credentials };
    const onError = (error: Error) => reported.push(error);
    const client = connect(Everything, address, { clock, onError, ...unhurried, ...sessionCredentials, ...more });
    onTestFinished(() => client.abort());
    return { client, reported, statuses: record(client.status$) };
  };
  return { host, address, service, clock, requests, errors, pending, dial };
}

const bearer = (value: string): SessionCredentials => ({ scheme: 'bearer', value });
/** Credentials that are fresh whenever they are asked for: `NAME.1`, `NAME.2` … */
function fresh(name: string): () => SessionCredentials {
  let asked = 0;
  return () => bearer(`${name}.${++asked}`);
}

describe('credentials that are about to end', () => {
  it('are renewed within the session: no new connection, and calls go on meanwhile', async () => {
    const { clock, dial, requests, pending, service } = await guarded();
    const { client, statuses } = dial(fresh('ann'));
    const asked = client.service.ask({}, patient);
    await expect(client.service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'ann.1: a' });
    await clock.advance(4 * MINUTE - 1);
    expect(requests).toHaveLength(1);
    await clock.advance(1);
    await eventually(() => expect(requests).toHaveLength(2));
    await expect(client.service.echo({ text: 'b' })).resolves.toMatchObject({ text: 'ann.2: b' });
    // Past the end of the first ones, and of the second.
    await clock.advance(4 * MINUTE);
    await eventually(() => expect(requests).toHaveLength(3));
    await expect(client.service.echo({ text: 'c' })).resolves.toMatchObject({ text: 'ann.3: c' });
    pending.resolve();
    await expect(asked).resolves.toMatchObject({ answer: 'asked' });
    expect(statuses).toEqual(['created', 'opening', 'opened']);
    expect([...service.sessions.values()].map(({ principal }) => principal.token)).toEqual(['ann.3']);
  });

  it('are renewed in a session that cannot be resumed, too', async () => {
    const { clock, dial, requests } = await guarded(byToken, { resumeWindowMs: 0 });
    const { client } = dial(fresh('ann'));
    await client.open();
    await clock.advance(4 * MINUTE);
    await eventually(() => expect(requests).toHaveLength(2));
    await clock.advance(2 * MINUTE);
    await expect(client.service.echo({ text: 'b' })).resolves.toMatchObject({ text: 'ann.2: b' });
  });

  it('decide from then on what their principal may do', async () => {
    const roles = ['guest', 'admin'];
    const { clock, dial } = await guarded(byToken, {
      authorize: ({ principal, operation }) => operation !== 'Echo' || principal.token === 'ann.admin',
    });
    const { client } = dial(() => bearer(`ann.${roles.shift()}`));
    expect(await rejectionOf(client.service.echo({ text: 'a' }))).toMatchObject({ code: Code.PERMISSION_DENIED });
    await clock.advance(4 * MINUTE);
    await eventually(async () =>
      expect(await client.service.echo({ text: 'b' })).toMatchObject({ text: 'ann.admin: b' }),
    );
  });

  it('are asked for again, at half of the time that is left, while the client has no fresher ones', async () => {
    const { clock, dial, requests } = await guarded((time) => {
      const until = new Map<string, Date>();
      return (request) => {
        const token = bearerToken(request) ?? '';
        if (!until.has(token)) until.set(token, new Date(time.date() + 5 * MINUTE));
        return { id: 'ann', token, expiresAt: until.get(token) };
      };
    });
    const tokens = ['old', 'old', 'old', 'old', 'old', 'old', 'new'];
    let at = 0;
    const { client, statuses } = dial(() => bearer(tokens[Math.min(at++, 6)] ?? ''));
    await client.open();
    await clock.advance(4 * MINUTE);
    // A minute before the end, then 30 s, 15 s, 7.5 s and 3.75 s.
    for (const [index, wait] of [0, 30_000, 15_000, 7_500, 3_750].entries()) {
      await clock.advance(wait);
      await eventually(() => expect(requests).toHaveLength(2 + index));
      await client.service.echo({ text: 'a' });
    }
    await clock.advance(1_875);
    await eventually(async () => expect(await client.service.echo({ text: 'b' })).toMatchObject({ text: 'new: b' }));
    expect(statuses).toEqual(['created', 'opening', 'opened']);
  });
});

describe('a client that does not answer', () => {
  it('in its session comes back over a new connection when they end', async () => {
    const { clock, dial, requests } = await guarded();
    let dialled = 0;
    const metadata = () => ({ authorization: `Bearer ann.${++dialled}` });
    const { client, statuses } = dial(undefined, { metadata });
    await client.open();
    await clock.advance(4 * MINUTE);
    await client.service.echo({ text: 'a' });
    expect(requests).toHaveLength(1);
    await clock.advance(MINUTE);
    await eventually(() => expect(statuses).toContain('resuming'));
    // Its back-off is on the same clock.
    await clock.advance(100);
    await expect(client.service.echo({ text: 'b' })).resolves.toMatchObject({ text: 'ann.2: b' });
    expect(statuses).toEqual(['created', 'opening', 'opened', 'resuming', 'opened']);
  });

  it('because its function fails reports that, and comes back when it works', async () => {
    const { clock, dial } = await guarded();
    const answers = [bearer('ann.1'), undefined, undefined, bearer('ann.2')];
    const { client, reported, statuses } = dial(() => {
      const answer = answers.shift();
      if (answer === undefined) throw new Error('the token service is down');
      return answer;
    });
    await client.open();
    await clock.advance(4 * MINUTE);
    await eventually(() => expect(reported).toHaveLength(1));
    expect(reported[0]?.message).toBe('no credentials for the session: the token service is down');
    await clock.advance(MINUTE);
    await eventually(() => expect(statuses).toContain('resuming'));
    await eventually(async () => {
      await clock.advance(1_000);
      expect(client.status).toBe('opened');
    });
    await expect(client.service.echo({ text: 'b' })).resolves.toMatchObject({ text: 'ann.2: b' });
  });

  it('in time, because its connection breaks meanwhile, is asked anew by its next Hello; the old answer does not count', async () => {
    const { clock, dial, requests } = await guarded();
    const answers = [deferred<SessionCredentials>(), deferred<SessionCredentials>(), deferred<SessionCredentials>()];
    let asked = 0;
    const { client, statuses } = dial(() => (answers[asked++] as (typeof answers)[0]).promise);
    const opened = client.open();
    answers[0]?.resolve(bearer('ann.1'));
    await opened;
    await clock.advance(4 * MINUTE);
    await eventually(() => expect(asked).toBe(2));
    await clock.advance(MINUTE);
    await eventually(() => expect(statuses).toContain('resuming'));
    await clock.advance(100);
    await eventually(() => expect(asked).toBe(3));
    answers[1]?.resolve(bearer('ann.2'));
    answers[2]?.resolve(bearer('ann.3'));
    await expect(client.service.echo({ text: 'b' })).resolves.toMatchObject({ text: 'ann.3: b' });
    expect(requests.map((request) => bearerToken(request))).toEqual(['ann.1', 'ann.3']);
  });

  it('is ended where it cannot come back, typed', async () => {
    const { clock, dial, host } = await guarded(byToken, { resumeWindowMs: 0 });
    const { client } = dial(undefined, { metadata: { authorization: 'Bearer ann' } });
    await client.open();
    await clock.advance(5 * MINUTE);
    expect(await client.closed).toMatchObject({ kind: 'refused', origin: 'remote', code: Code.UNAUTHENTICATED });
    expect(client.status).toBe('faulted');
    expect(host.counters.refused.credentials).toBe(1);
  });
});

describe('fresh credentials', () => {
  it.each([
    ['bad ones', 'bad', 'the credentials are missing or wrong'],
    ["somebody else's", 'bob', 'the fresh credentials are those of somebody else'],
  ])('that are %s end the session, typed on both sides; nothing is tried again', async (_, second, message) => {
    const { clock, dial, host, service, requests } = await guarded();
    const tokens = ['ann', second];
    const { client } = dial(() => bearer(tokens.shift() ?? 'ann'), { onLost: 'renew' });
    await client.open();
    const [session] = service.sessions.values();
    const pending = rejectionOf(client.service.ask({}, patient));
    await clock.advance(4 * MINUTE);
    const end = { kind: 'refused', code: Code.UNAUTHENTICATED, message };
    expect(await client.closed).toMatchObject({ ...end, origin: 'remote' });
    expect(await session?.closed).toMatchObject({ ...end, origin: 'local' });
    expect(await pending).toMatchObject({ kind: 'refused', code: Code.UNAUTHENTICATED });
    expect(client.status).toBe('faulted');
    expect(host.counters).toMatchObject({ sessions: 0, refused: { credentials: 1 } });
    expect(requests).toHaveLength(2);
  });

  it('for which a Fault is thrown end the session with it', async () => {
    const answers = [{ id: 'ann', token: 'ann' }, new Fault(Code.PERMISSION_DENIED, 'the account is locked')];
    const { clock, dial } = await guarded((time) => () => {
      const answer = answers.shift();
      if (answer instanceof Fault || answer === undefined) throw answer;
      return { ...answer, expiresAt: new Date(time.date() + 5 * MINUTE) };
    });
    const { client } = dial(fresh('ann'));
    await client.open();
    await clock.advance(4 * MINUTE);
    expect(await client.closed).toMatchObject({
      ...{ kind: 'refused', code: Code.PERMISSION_DENIED, message: 'the account is locked' },
    });
  });

  it('that nobody can verify at the moment leave the session what it is until the old ones end', async () => {
    let asked = 0;
    const { clock, dial, errors } = await guarded((time) => async (request) => {
      if (++asked === 2) throw new Error('the database is away');
      return byToken(time)(request);
    });
    const { client, statuses } = dial(fresh('ann'));
    await client.open();
    await clock.advance(4 * MINUTE);
    await eventually(() =>
      expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('the database is away')]),
    );
    await expect(client.service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'ann.1: a' });
    await clock.advance(MINUTE);
    await eventually(() => expect(statuses).toContain('resuming'));
    await clock.advance(100);
    await expect(client.service.echo({ text: 'b' })).resolves.toMatchObject({ text: 'ann.3: b' });
  });

  it('are taken unasked, one at a time, and of many in one breath the last', async () => {
    const answer = deferred();
    const { address, requests, service } = await guarded((time) => async (request) => {
      if (requests.length > 1) await answer.promise;
      return byToken(time)(request);
    });
    const stream = new RawStream(address);
    const shown = (token: string) => ({ scheme: 'Bearer', value: Buffer.from(token) });
    await stream.greet({ credentials: shown('ann.0') });
    for (let n = 1; n <= 1_000; n++) {
      stream.send({ content: control({ $case: 'credentials', value: shown(`ann.${n}`) }) });
    }
    stream.send({ content: control({ $case: 'ping', value: { id: 7 } }) });
    await eventually(() => expect(stream.controls.some((kind) => kind?.$case === 'pong')).toBe(true));
    expect(requests).toHaveLength(2);
    answer.resolve();
    await eventually(() => expect(requests).toHaveLength(3));
    const tokens = () => [...service.sessions.values()].map(({ principal }) => principal.token);
    await eventually(() => expect(tokens()).toEqual(['ann.1000']));
  });

  it('are nothing to a host that does not ask who its clients are', async () => {
    const host = createHost();
    onTestFinished(() => void host.stop());
    host.add(Everything, () => partly({ echo: ({ text }) => ({ text }) }));
    const { address } = await host.listen('localhost:0');
    const client = connect(Everything, address, { sessionCredentials: bearer('ann') });
    await expect(client.service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'a' });
    await client.close();
  });
});

describe('the credentials of a Hello', () => {
  const never = (): Promise<SessionCredentials> => new Promise(() => {});

  it('that never come are what the error of the session, and of a call that waited for it, names', async () => {
    const { dial, clock } = await guarded();
    const { client } = dial(never);
    const renewing = dial(never, { onLost: 'renew' }).client;
    const opened = [rejectionOf(client.open()), rejectionOf(renewing.open())];
    const waiting = rejectionOf(renewing.service.echo({}, { timeoutMs: 3_000 }));
    const why = 'sessionCredentials has not answered';
    await clock.advance(3_000);
    const inVain = { kind: 'timeout', executed: 'no', message: `no session for echo within 3000 ms: ${why}` };
    expect(await waiting).toMatchObject(inVain);
    await clock.advance(7_000);
    for (const error of await Promise.all(opened))
      expect(error).toMatchObject({ kind: 'timeout', message: `no session within 10000 ms: ${why}` });
  });

  it('that never come again are what the end of a session names that could not resume', async () => {
    const { dial, clock } = await guarded();
    const answers = [Promise.resolve(bearer('ann'))];
    const { client, statuses } = dial(() => answers.shift() ?? never(), { resumeWindowMs: 30_000 });
    await client.open();
    await clock.advance(5 * MINUTE);
    await eventually(() => expect(statuses).toContain('resuming'));
    await clock.advance(30_000);
    expect(await client.closed).toMatchObject({
      kind: 'lost',
      message: 'the connection did not come back within 30000 ms: sessionCredentials has not answered',
    });
  });

  it('may take their time: the stream is opened when they are there', async () => {
    const { dial, clock, host, requests } = await guarded();
    const answer = deferred<SessionCredentials>();
    const { client } = dial(() => answer.promise);
    const opened = client.open();
    // Longer than a host waits for the first word on a stream.
    await clock.advance(8_000);
    expect(host.counters.handshakes).toBe(0);
    answer.resolve({ scheme: 'raw', value: Uint8Array.of(1, 2) });
    expect(await rejectionOf(opened)).toMatchObject({ kind: 'refused', code: Code.UNAUTHENTICATED });
    expect(requests[0]?.credentials).toMatchObject({ scheme: 'raw', value: Buffer.from([1, 2]) });
  });

  it('that cannot be had count as a service that is not there', async () => {
    const { dial } = await guarded();
    const { client } = dial(() => Promise.reject(new Error('no token')));
    expect(await rejectionOf(client.open())).toMatchObject({
      kind: 'unavailable',
      message: 'no credentials for the session: no token',
    });
  });
});
