import { Code } from 'grpc-duplex';
import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { deferred } from '../support/observe.js';
import { RawStream } from '../support/raw-stream.js';
import { rejectionOf } from '../support/thrown-by.js';

describe('a call that was refused before it ran says so', () => {
  it('if it is not permitted', async () => {
    const { address } = await serve(() => ({ echo: ({ text }) => ({ text }) }), { authorize: () => false });
    expect(await rejectionOf(join(address).client.service.echo())).toMatchObject({
      ...{ code: Code.PERMISSION_DENIED, executed: 'no', origin: 'remote' },
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
