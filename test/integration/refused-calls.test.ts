import { Code, Fault } from 'grpc-duplex';
import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { deferred } from '../support/observe.js';
import { RawStream } from '../support/raw-stream.js';
import { rejectionOf } from '../support/thrown-by.js';

function raise(error: Error): never {
  throw error;
}

describe('a call that was refused before it ran says so', () => {
  it('if it is not permitted', async () => {
    const { address } = await serve(() => ({ echo: ({ text }) => ({ text }) }), { authorize: () => false });
    expect(await rejectionOf(join(address).client.service.echo())).toMatchObject({
      ...{ code: Code.PERMISSION_DENIED, executed: 'no', origin: 'remote' },
    });
  });

  const failures: readonly (readonly [string, () => never | Promise<never>, Code])[] = [
    ['throws', () => raise(new Error('not loaded')), Code.INTERNAL],
    ['throws a fault', () => raise(new Fault(Code.UNAVAILABLE, 'ask later')), Code.UNAVAILABLE],
    ['rejects', () => Promise.reject(new Error('not loaded')), Code.INTERNAL],
    ['rejects with a fault', () => Promise.reject(new Fault(Code.UNAVAILABLE, 'ask later')), Code.UNAVAILABLE],
  ];
  const nonsense: readonly (readonly [string, () => unknown, Code])[] = [
    ['returns nothing', () => undefined, Code.INTERNAL],
    ['returns a promise of a text', async () => 'yes', Code.INTERNAL],
  ];
  // A fault is an answer, and no news at the host; everything else is.
  const reported = (code: Code) => (code === Code.INTERNAL ? [{ error: { executed: 'no' }, method: 'echo' }] : []);

  it.each([...failures, ...nonsense])('if authorize %s', async (_, authorize, code) => {
    const ran: string[] = [];
    const { address, errors } = await serve(() => ({ echo: ({ text }) => ({ text: `${ran.push(text)}` }) }), {
      authorize: authorize as () => boolean,
    });
    expect(await rejectionOf(join(address).client.service.echo())).toMatchObject({ code, executed: 'no' });
    expect(ran).toEqual([]);
    expect(errors).toMatchObject(reported(code));
  });

  it.each([...failures, ...nonsense])('if what makes an object for each call %s', async (_, make, code) => {
    const { address, errors } = await serve(make as () => Promise<object>, { instancing: 'per-call' });
    expect(await rejectionOf(join(address).client.service.echo())).toMatchObject({ code, executed: 'no' });
    expect(errors).toMatchObject(reported(code));
  });

  it('also where onError says what its caller is told', async () => {
    const { address } = await serve(() => ({ echo: ({ text }) => ({ text }) }), {
      authorize: () => raise(new Error('not loaded')),
      onError: () => new Fault(Code.UNAVAILABLE, 'come back later'),
    });
    expect(await rejectionOf(join(address).client.service.echo())).toMatchObject({
      ...{ code: Code.UNAVAILABLE, executed: 'no', message: 'come back later' },
    });
  });

  it('if the host, or the session, has too many', async () => {
    const gate = deferred();
    const { address } = await serve(
      () => ({
        async echo({ text }) {
          await gate.promise;
          return { text };
        },
      }),
      { limits: { calls: 1 }, concurrency: 'multiple' },
    );
    const { client } = join(address);
    const first = client.service.echo();
    expect(await rejectionOf(client.service.echo())).toMatchObject({ code: Code.RESOURCE_EXHAUSTED, executed: 'no' });
    gate.resolve();
    await first;
  });

  it('if nobody handles it, on either side', async () => {
    const { address, sessions } = await serve();
    const { client } = join(address);
    const unhandled = { code: Code.UNIMPLEMENTED, executed: 'no' };
    expect(await rejectionOf(client.service.echo())).toMatchObject(unhandled);
    expect(await rejectionOf(sessions[0]?.callback.confirm() as Promise<unknown>)).toMatchObject(unhandled);
  });

  it('if it is no request, or of no method that is known: on the wire', async () => {
    const { address } = await serve(() => ({ echo: ({ text }) => ({ text }) }));
    const stream = new RawStream(address);
    await stream.greet();
    stream.send({ seq: 1, callId: 1, content: { number: 102, bytes: new Uint8Array([0xff]) } });
    expect(await stream.faultOf(1)).toMatchObject({ code: Code.INVALID_ARGUMENT, notExecuted: true });
    stream.send({ seq: 2, callId: 2, content: { number: 999, bytes: new Uint8Array() } });
    expect(await stream.faultOf(2)).toMatchObject({ code: Code.UNIMPLEMENTED, notExecuted: true });
  });

  it('and one that ran does not', async () => {
    const { address } = await serve(() => ({
      echo(): never {
        throw new Error('half done');
      },
    }));
    expect(await rejectionOf(join(address).client.service.echo())).toMatchObject({ executed: 'yes' });
  });
});
