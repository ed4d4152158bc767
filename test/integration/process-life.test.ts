import { describe, expect, it, onTestFinished } from 'vitest';
import { serve } from '../support/everything.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { eventually } from '../support/observe.js';
import { ScriptProcess } from '../support/processes.js';

/** A process that only listens, and the connection that it has. */
async function listen(...backoffMs: readonly string[]) {
  const { port, sessions } = await serve(() => ({}), { resumeWindowMs: 3_600_000 });
  const proxy = await FaultProxy.listen(port);
  onTestFinished(() => proxy.close());
  const listener = new ScriptProcess('test/support/listening-client.ts', [proxy.address, ...backoffMs]);
  await listener.printed('opened');
  return { proxy, sessions, listener };
}

describe('the process of a client that only listens', () => {
  it('stays while there is no connection, and hears what was said meanwhile', async () => {
    const { proxy, sessions, listener } = await listen();
    proxy.refuse();
    await listener.printed('resuming');
    const attempts = proxy.accepted;
    await eventually(() => expect(proxy.accepted).toBeGreaterThan(attempts + 2));
    sessions[0]?.callback.noted({ text: 'are you there?' });
    proxy.restore();
    await listener.printed('are you there?');
    expect(listener.errors).toBe('');
  });

  it('ends with its session, also in the middle of a wait for the next attempt', async () => {
    const { proxy, listener } = await listen('3600000');
    proxy.refuse();
    await listener.printed('resuming');
    listener.kill('SIGTERM');
    await listener.printed('closed');
    expect(await listener.exited, listener.errors).toBe(0);
  });
});
