import { credentials, Metadata, ServerCredentials } from '@grpc/grpc-js';
import {
  type Authenticate,
  type AuthenticationRequest,
  Code,
  type ConnectOptions,
  connect,
  createHost,
  Fault,
  type Host,
  type HostOptions,
  type Principal,
  type Service,
} from 'grpc-duplex';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Reason, Result } from '../../src/gen/duplex/v1/session.js';
import { makeCertificate } from '../support/certificate.js';
import { partly } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred, eventually } from '../support/observe.js';
import { RawStream } from '../support/raw-stream.js';
import { rejectionOf } from '../support/thrown-by.js';

interface User extends Principal {
  readonly token: string;
}

interface Guarded {
  readonly host: Host<User>;
  readonly address: string;
  readonly service: Service<Everything.Callbacks, Everything.State, User>;
  /** What was asked, oldest first. */
  readonly requests: readonly AuthenticationRequest[];
  /** Ids of principals whose sessions a factory has seen. */
  readonly served: readonly string[];
  readonly errors: readonly Error[];
}

/** Tokens are `NAME` or `NAME.ANYTHING`; `bad` is a bad one. */
const byToken: Authenticate<User> = ({ headers }) => {
  const token = headers.get('authorization')?.replace('Bearer ', '');
  if (token === undefined || token.startsWith('bad')) return undefined;
  return { id: token.replace(/\..*/, ''), token };
};

async function guard(
  authenticate: Authenticate<User> = byToken,
  options: Omit<HostOptions<User>, 'authenticate'> = {},
  listen: Parameters<Host['listen']>[1] = {},
): Promise<Guarded> {
  const requests: AuthenticationRequest[] = [];
  const served: string[] = [];
  const errors: Error[] = [];
  const host = createHost({
    onError: (error) => errors.push(error),
    ...options,
    authenticate(request: AuthenticationRequest) {
      requests.push(request);
      return authenticate(request);
    },
  });
  // Sessions whose clients do not come back are not waited for.
  onTestFinished(async () => void (await host.stop('', { drainMs: 50 })));
  const service = host.add(Everything, (session) => {
    served.push(session.principal.id);
    return partly({ echo: ({ text }) => ({ text: `${session.principal.token}: ${text}` }) });
  });
  const { address } = await host.listen('localhost:0', listen);
  return { host, address, service, requests, served, errors };
}

function dial(address: string, options: ConnectOptions<Everything.Callbacks>): Everything.Client {
  const client = connect(Everything, address, { onError: () => {}, ...options });
  onTestFinished(() => client.abort());
  return client;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('a host that authenticates', () => {
  it('knows the client of each session, as its operations see it', async () => {
    const { address, service } = await guard();
    const ann = dial(address, { metadata: bearer('ann') });
    const bob = dial(address, { metadata: bearer('bob') });
    await expect(ann.service.echo({ text: '1' })).resolves.toMatchObject({ text: 'ann: 1' });
    await expect(bob.service.echo({ text: '2' })).resolves.toMatchObject({ text: 'bob: 2' });
    expect([...service.sessions.values()].map(({ principal }) => principal.id)).toEqual(['ann', 'bob']);
  });

  it.each(['session', 'plain'] as const)('turns bad credentials away at once, typed, for good: %s', async (level) => {
    const { address, served, requests, host } = await guard();
    for (const metadata of [bearer('bad'), {}]) {
      const client = dial(address, { level, metadata, retryOpen: true });
      const error = await rejectionOf(client.service.echo({ text: 'a' }));
      expect(error).toMatchObject({ kind: 'refused', code: Code.UNAUTHENTICATED, origin: 'remote' });
      expect(error.message).toContain('the credentials are missing or wrong');
      expect(await client.closed).toMatchObject({ kind: 'refused', code: Code.UNAUTHENTICATED });
    }
    expect(requests).toHaveLength(2);
    expect(served).toEqual([]);
    expect(host.counters).toMatchObject({ sessions: 0, handshakes: 0, refused: { credentials: 2 } });
  });

  it('turns a client away by any text, were it half a character', async () => {
    const { address } = await guard(() => {
      throw new Fault(Code.PERMISSION_DENIED, 'who is \ud800?');
    });
    for (const level of ['session', 'plain'] as const) {
      expect(await rejectionOf(dial(address, { level }).service.echo({ text: 'a' }))).toMatchObject({
        code: Code.PERMISSION_DENIED,
        message: expect.stringContaining('who is \ufffd?'),
      });
    }
  });

  it('tells the client a Fault as it is, and of any other error nothing', async () => {
    const thrown = [new Fault(Code.PERMISSION_DENIED, 'not on Sundays'), new Error('secret database')];
    const { address, errors } = await guard(() => Promise.reject(thrown.shift()));
    expect(await rejectionOf(dial(address, {}).open())).toMatchObject({
      code: Code.PERMISSION_DENIED,
      message: expect.stringContaining('not on Sundays'),
    });
    const hidden = await rejectionOf(dial(address, {}).open());
    expect(hidden.message).not.toContain('secret');
    expect(hidden.message).toMatch(/internal error [0-9a-f-]{36}/);
    expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('secret database')]);
  });

  it('does not wait for ever for its own answer', async () => {
    const { address, served } = await guard(() => new Promise(() => {}), { handshakeTimeoutMs: 50 });
    expect(await rejectionOf(dial(address, {}).open())).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('authentication took more than 50 ms'),
    });
    expect(served).toEqual([]);
  });

  it('keeps nothing of a client that leaves before the answer', async () => {
    const answer = deferred<User>();
    const { address, served, host, requests } = await guard(() => answer.promise);
    const client = dial(address, {});
    const opened = rejectionOf(client.open());
    await eventually(() => expect(requests).toHaveLength(1));
    client.abort();
    await opened;
    await eventually(() => expect(host.counters.handshakes).toBe(0));
    answer.resolve({ id: 'ann', token: 'ann' });
    await dial(address, {}).open();
    expect(served).toEqual(['ann']);
  });

  it('sees what comes right behind the first message of a plain client, and its half-close', async () => {
    const { address } = await guard(async () => ({ id: 'ann', token: 'ann' }));
    const stream = new RawStream(address);
    stream.send({ callId: 1, content: { number: 102, bytes: new Uint8Array() } });
    stream.send({ callId: 2, content: { number: 102, bytes: new Uint8Array() } }).halfClose();
    await expect(stream.status).resolves.toMatchObject({ code: Code.OK });
    expect(stream.items.flatMap(({ replyTo }) => replyTo ?? [])).toEqual([1, 2]);
  });

  it('sees the credentials of a Hello, the address and the headers, and no more headers than it takes', async () => {
    const { address, requests } = await guard(({ credentials: shown }) => {
      const token = Buffer.from(shown?.value ?? []).toString();
      return token === '' ? undefined : { id: token, token };
    });
    await new RawStream(address).greet({ credentials: { scheme: 'raw', value: Buffer.from('ann') } });
    expect(requests[0]).toMatchObject({ contract: 'testing.v1.EverythingService', certificate: undefined });
    expect(requests[0]?.peer).toMatch(/127\.0\.0\.1|::1/);
    expect(requests[0]?.headers.get('user-agent')).toContain('grpc');
    const metadata = new Metadata();
    for (let i = 0; i < 70; i++) metadata.set(`x-${i}`, 'x');
    expect(await rejectionOf(dial(address, { metadata }).open())).toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
    expect(requests).toHaveLength(1);
  });

  it('knows a client by its certificate', async () => {
    const server = makeCertificate();
    const known = makeCertificate();
    const tls = ServerCredentials.createSsl(known.cert, [{ cert_chain: server.cert, private_key: server.key }], true);
    const { address, served } = await guard(
      ({ certificate }) => certificate && { id: String(certificate.subject.CN), token: certificate.fingerprint256 },
      {},
      { credentials: tls },
    );
    await dial(address, { credentials: credentials.createSsl(server.cert, known.key, known.cert) }).open();
    expect(served).toEqual(['localhost']);
  });
});

describe('a resumption', () => {
  it('is authenticated again, with what a function of metadata says then', async () => {
    let dialled = 0;
    const { address, service, host } = await guard();
    const client = dial(address, { metadata: async () => bearer(`ann.${++dialled}`) });
    await client.open();
    const [session] = service.sessions.values();
    cut(session);
    await expect(client.service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'ann.2: a' });
    expect(session?.principal.token).toBe('ann.2');
    expect(host.counters.sessions).toBe(1);
  });

  it('that shows bad credentials ends the session on the client, typed', async () => {
    const tokens = ['ann', 'bad'];
    const { address, service } = await guard();
    const client = dial(address, { metadata: () => bearer(tokens.shift() ?? 'bad') });
    await client.open();
    const [session] = service.sessions.values();
    cut(session);
    expect(await client.closed).toMatchObject({ kind: 'refused', code: Code.UNAUTHENTICATED });
  });

  it('by another principal finds no session, whatever its token; the owner still does', async () => {
    const { address, service } = await guard(({ credentials: shown }) => {
      const token = Buffer.from(shown?.value ?? []).toString();
      return { id: token, token };
    });
    const as = (name: string) => ({ credentials: { scheme: '', value: Buffer.from(name) } });
    const first = await new RawStream(address).greet({ ...as('ann'), openNonce: new Uint8Array(16) });
    const { sessionId, token, epoch } = first;
    const marks = { received: 0, first: 1, last: 0 };
    const stolen = { sessionId, token, epoch, marks, attempt: 2 };
    expect(await new RawStream(address).greet({ ...as('eve'), ...stolen })).toMatchObject({
      result: Result.REJECTED,
      reason: Reason.UNKNOWN_SESSION,
    });
    // Nor by the nonce of a session whose Welcome may have been lost.
    expect(
      await new RawStream(address).greet({ ...as('eve'), openNonce: new Uint8Array(16), attempt: 2 }),
    ).toMatchObject({ result: Result.OPENED });
    expect(service.sessions.size).toBe(2);
    expect(await new RawStream(address).greet({ ...as('ann'), ...stolen })).toMatchObject({ result: Result.RESUMED });
  });

  it('waits while the function of metadata fails', async () => {
    const answers = [bearer('ann'), undefined, bearer('ann.2')];
    const { address, service } = await guard();
    const client = dial(address, {
      metadata: () => {
        const answer = answers.shift();
        if (answer === undefined) throw new Error('the token service is down');
        return answer;
      },
    });
    await client.open();
    const [session] = service.sessions.values();
    cut(session);
    await expect(client.service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'ann.2: a' });
    const failed = rejectionOf(dial(address, { metadata: () => Promise.reject(new Error('down')) }).open());
    expect(await failed).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('down') });
  });
});

describe('credentials that end', () => {
  const expiring = (ms: number): Authenticate<User> => {
    let asked = 0;
    return ({ headers }) => {
      const token = headers.get('authorization')?.replace('Bearer ', '') ?? '';
      asked += 1;
      const expiresAt = new Date(Date.now() + (asked === 1 ? ms : 60_000));
      return token.startsWith('bad') ? undefined : { id: 'ann', token, expiresAt };
    };
  };

  it('are renewed by the client in a living session, which loses nothing', async () => {
    let dialled = 0;
    const { address, requests, service } = await guard(expiring(100));
    const client = dial(address, { metadata: () => bearer(`${++dialled}`) });
    await expect(client.service.echo({ text: 'a' })).resolves.toMatchObject({ text: '1: a' });
    await eventually(() => expect(requests).toHaveLength(2));
    await expect(client.service.echo({ text: 'b' })).resolves.toMatchObject({ text: '2: b' });
    expect(service.sessions.size).toBe(1);
  });

  it('and are not renewed end the session, typed', async () => {
    const tokens = ['ann', 'bad'];
    const { address } = await guard(expiring(100));
    const client = dial(address, { metadata: () => bearer(tokens.shift() ?? 'bad') });
    await client.open();
    expect(await client.closed).toMatchObject({ kind: 'refused', code: Code.UNAUTHENTICATED });
  });

  it('end a session that cannot be resumed, typed', async () => {
    const { address } = await guard(expiring(100));
    const client = dial(address, { level: 'plain', metadata: bearer('ann') });
    await client.open();
    expect(await client.closed).toMatchObject({ code: Code.UNAUTHENTICATED });
  });

  it('are none if they have ended before', async () => {
    const { address, served } = await guard(() => ({ id: 'ann', token: '', expiresAt: new Date(Date.now() - 1) }));
    expect(await rejectionOf(dial(address, {}).open())).toMatchObject({
      code: Code.UNAUTHENTICATED,
      message: expect.stringContaining('expired'),
    });
    expect(served).toEqual([]);
  });
});

describe('a host that authorizes', () => {
  it('lets a principal invoke what it may, by the operation that was resolved', async () => {
    const asked: unknown[] = [];
    const { address } = await guard(byToken, {
      authorize({ principal, contract, operation }) {
        asked.push([principal.id, contract, operation]);
        return principal.id === 'ann' || operation !== 'Echo';
      },
    });
    const ann = dial(address, { metadata: bearer('ann') });
    await expect(ann.service.echo({ text: '1' })).resolves.toBeDefined();
    const bob = dial(address, { metadata: bearer('bob') });
    expect(await rejectionOf(bob.service.echo({ text: '2' }))).toMatchObject({
      kind: 'fault',
      code: Code.PERMISSION_DENIED,
      message: 'Echo is not permitted',
    });
    // The session lives, and other operations are another matter.
    expect(await rejectionOf(bob.service.divide({}))).toMatchObject({ code: Code.UNIMPLEMENTED });
    expect(asked).toEqual([
      ['ann', 'testing.v1.EverythingService', 'Echo'],
      ['bob', 'testing.v1.EverythingService', 'Echo'],
      ['bob', 'testing.v1.EverythingService', 'Divide'],
    ]);
  });
});

/** Cuts a session's connection, from the host's side. */
function cut(session: unknown): void {
  const { link } = session as { link: { driver: { drop(error: Error): void } } };
  link.driver.drop(Object.assign(new Error('cut'), { kind: 'lost' }));
}
