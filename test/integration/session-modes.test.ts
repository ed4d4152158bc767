import type { ServiceError } from '@grpc/grpc-js';
import {
  Code,
  createHost,
  type DuplexError,
  Fault,
  type HostOptions,
  type Instancing,
  type SessionMode,
} from 'grpc-duplex';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CallFault } from '../../src/gen/duplex/v1/session.js';
import { join, type MakeService } from '../support/everything.js';
import {
  DivideByZero,
  DivideRequest,
  EchoRequest,
  EchoResponse,
  NoteRequest,
} from '../support/gen/testing/v1/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred, eventually } from '../support/observe.js';
import { unary } from '../support/plain-call.js';
import { rejectionOf } from '../support/thrown-by.js';

/** Serves `Everything` with sessions or without. */
async function serveAs(
  session: SessionMode,
  make: MakeService,
  {
    instancing = 'per-session',
    ...options
  }: HostOptions & { readonly instancing?: Exclude<Instancing, 'single'> } = {},
) {
  const errors: DuplexError[] = [];
  const host = createHost({ onError: (error) => void errors.push(error), ...options });
  host.add({ ...Everything, session }, make as (session: Everything.Session) => Everything.Handler, { instancing });
  const { address } = await host.listen('localhost:0');
  onTestFinished(() => void host.stop());
  return { host, address, errors };
}

const call = (address: string, rpc: string, request: Uint8Array, timeoutMs?: number): Promise<Uint8Array> =>
  unary(address, `/testing.v1.EverythingService/${rpc}`, request, timeoutMs === undefined ? {} : { timeoutMs });

const echo = (address: string, text: string): Promise<Uint8Array> =>
  call(address, 'Echo', EchoRequest.encode(EchoRequest.fromPartial({ text })).finish());

const statusOf = (promise: Promise<unknown>): Promise<ServiceError> =>
  promise.then(
    () => Promise.reject(new Error('it was answered')),
    (error: ServiceError) => error,
  );

const answering: MakeService = () => ({ echo: ({ text }) => ({ text }), note: () => {} });

describe('a contract whose sessions are required', () => {
  it('refuses a plain call with the name of the method that opens a session', async () => {
    const { address } = await serveAs('required', answering);
    for (const rpc of ['Echo', 'Note', 'Count', 'Sum', 'Chat']) {
      expect(await statusOf(call(address, rpc, new Uint8Array()))).toMatchObject({
        code: Code.FAILED_PRECONDITION,
        details: `testing.v1.EverythingService needs a session: call ${rpc} within one that is opened by /testing.v1.EverythingDuplexService/Connect`,
      });
    }
  });
});

describe('a contract whose sessions are allowed', () => {
  it('answers unary rpcs without a session, and serves sessions', async () => {
    const { address } = await serveAs('allowed', answering);
    expect(EchoResponse.decode(await echo(address, 'plain'))).toMatchObject({ text: 'plain' });
    expect(await call(address, 'Note', NoteRequest.encode(NoteRequest.fromPartial({})).finish())).toHaveLength(0);
    await expect(join(address).client.service.echo({ text: 'session' })).resolves.toMatchObject({ text: 'session' });
    expect(await statusOf(call(address, 'Count', new Uint8Array()))).toMatchObject({
      code: Code.UNIMPLEMENTED,
      details: expect.stringContaining('/testing.v1.EverythingDuplexService/Connect'),
    });
  });

  it('says clearly that a plain call has no callback channel', async () => {
    const seen: DuplexError[] = [];
    const { address, errors } = await serveAs('allowed', (session) => ({
      async echo() {
        session.callback.noted();
        seen.push(await rejectionOf(session.callback.confirm()));
        const failed = new Promise<DuplexError>((error) => session.callback.watch().subscribe({ error }));
        seen.push(await failed);
        return { text: 'without' };
      },
    }));
    expect(EchoResponse.decode(await echo(address, ''))).toMatchObject({ text: 'without' });
    expect(seen).toMatchObject([{ code: Code.FAILED_PRECONDITION }, { code: Code.FAILED_PRECONDITION }]);
    expect(seen[0]?.message).toContain('confirm cannot reach its client: this is a plain call without a callback');
    await eventually(() => expect(errors).toMatchObject([{ message: expect.stringContaining('noted') }]));
  });

  it('fails plain calls as others: faults with their declared details, other errors hidden and reported', async () => {
    const { address, errors } = await serveAs('allowed', () => ({
      echo(): never {
        throw new Error('password is 1234');
      },
      divide({ dividend }) {
        throw new Fault(Code.INVALID_ARGUMENT, 'by zero', [[DivideByZero, { dividend }]]);
      },
    }));
    const hidden = await statusOf(echo(address, ''));
    expect(hidden).toMatchObject({ code: Code.INTERNAL, details: expect.stringMatching(/^internal error /) });
    expect(errors[0]?.message).toContain('password is 1234');
    const request = DivideRequest.encode(DivideRequest.fromPartial({ dividend: 7 })).finish();
    const fault = await statusOf(call(address, 'Divide', request));
    expect(fault).toMatchObject({ code: Code.INVALID_ARGUMENT, details: 'by zero' });
    const [status] = fault.metadata.get('grpc-status-details-bin');
    const [detail] = CallFault.decode(status as Buffer).details;
    expect(DivideByZero.decode(detail?.value ?? new Uint8Array())).toEqual({ dividend: 7 });
    expect(await statusOf(call(address, 'Echo', Uint8Array.of(255)))).toMatchObject({ code: Code.INVALID_ARGUMENT });
    expect(errors).toHaveLength(1);
  });

  it.each(['per-session', 'per-call'] as const)(
    'makes and disposes of an object for each plain call (%s)',
    async (instancing) => {
      const log: string[] = [];
      const make: MakeService = () => {
        log.push('made');
        return { echo: ({ text }) => ({ text }), [Symbol.dispose]: () => void log.push('disposed of') };
      };
      const { address } = await serveAs('allowed', make, { instancing });
      await echo(address, '1');
      await echo(address, '2');
      await eventually(() => expect(log).toEqual(['made', 'disposed of', 'made', 'disposed of']));
    },
  );

  it('tells the handler who calls, when the caller gives up, and passes interceptors', async () => {
    const started = deferred();
    const aborted = deferred();
    const log: string[] = [];
    const { address } = await serveAs(
      'allowed',
      () => ({
        echo: (_, call) => {
          log.push(call.peer === '' ? 'nobody' : 'somebody', `${call.deadline instanceof Date}`);
          call.signal.addEventListener('abort', () => aborted.resolve());
          started.resolve();
          return new Promise(() => {});
        },
      }),
      {
        closeTimeoutMs: 50,
        interceptors: [
          {
            incoming({ method, request }, next) {
              log.push(method.localName);
              return next(request);
            },
          },
        ],
      },
    );
    const request = EchoRequest.encode(EchoRequest.fromPartial({})).finish();
    expect(await statusOf(call(address, 'Echo', request, 500))).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    await started.promise;
    await aborted.promise;
    expect(log).toEqual(['echo', 'somebody', 'true']);
  });
});

describe('a host that asks who its clients are', () => {
  it('asks plain callers, too, and permits them no more than others', async () => {
    const { address } = await serveAs(
      'allowed',
      (session) => ({ echo: () => ({ text: `${(session.principal as { id: string }).id}` }) }),
      {
        authenticate: ({ headers }) => (headers.has('user') ? { id: headers.get('user') ?? '' } : undefined),
        authorize: ({ operation }) => operation === 'Echo',
      },
    );
    expect(await statusOf(echo(address, ''))).toMatchObject({ code: Code.UNAUTHENTICATED });
    const asAnn = (rpc: string) =>
      unary(address, `/testing.v1.EverythingService/${rpc}`, new Uint8Array(), { metadata: { user: 'ann' } });
    expect(EchoResponse.decode(await asAnn('Echo'))).toMatchObject({ text: 'ann' });
    expect(await statusOf(asAnn('Divide'))).toMatchObject({ code: Code.PERMISSION_DENIED });
  });
});

describe('a contract without sessions', () => {
  it('answers plain calls and lets nobody open a session', async () => {
    const { address } = await serveAs('not-allowed', answering);
    expect(EchoResponse.decode(await echo(address, 'plain'))).toMatchObject({ text: 'plain' });
    const error = await rejectionOf(join(address).client.open());
    expect(error).toMatchObject({ code: Code.FAILED_PRECONDITION });
    expect(error.message).toContain('has no sessions: call its rpcs without one');
  });
});
