import { connect, createHost } from 'grpc-duplex';
import { config, NEVER } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { join, serve } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred, eventually } from '../support/observe.js';

describe('a stream that fails with nobody to hear it', () => {
  it('does not end the host when a client leaves whose requests a handler merely subscribes to', async () => {
    const subscribed = deferred();
    const { address, sessions } = await serve(() => ({
      sum(values) {
        values.pipe().subscribe();
        values.subscribe();
        subscribed.resolve();
        return new Promise(() => {});
      },
    }));
    const { client } = join(address);
    client.service.sum(NEVER).catch(() => {});
    await subscribed.promise;
    client.abort();
    await sessions[0]?.closed;
    // rxjs reports what nobody heard in a timer of its own; a test that sees an uncaught error fails.
    await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('goes to `onError` of the side that called', async () => {
    const { address, sessions, errors } = await serve();
    const { client } = join(address, { handler: { watch: () => NEVER } });
    await client.open();
    sessions[0]?.callback.watch().subscribe();
    client.abort();
    await eventually(() => expect(errors).toMatchObject([{ method: 'watch', error: { kind: 'closed' } }]));
  });

  it('leaves every other error where rxjs has it', () => {
    const host = createHost();
    host.add(Everything, () => ({}) as Everything.Handler);
    connect(Everything, 'localhost:1');
    const other = new Error('not of this library');
    expect(() => config.onUnhandledError?.(other)).toThrow(other);
  });
});
