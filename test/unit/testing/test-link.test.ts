import { connect, createHost, Fault } from 'grpc-duplex';
import { testLink, VirtualClock } from 'grpc-duplex/testing';
import { describe, expect, it } from 'vitest';
import { partly } from '../../support/everything.js';
import { Everything } from '../../support/gen/testing/v1/everything_duplex.js';
import { record } from '../../support/observe.js';
import { rejectionOf } from '../../support/thrown-by.js';

/** Notes are told back, and counted in the state. */
function createNotes(session: Everything.Session): Everything.Handler {
  return partly({
    note({ index, text }) {
      session.callback.noted({ index, text });
      session.state.update(({ counter }) => ({ counter: counter + 1n, last: text }));
    },
    echo: ({ text }) => ({ text }),
    fail({ text }) {
      throw new Error(text);
    },
    async ask({ question }) {
      return { answer: (await session.callback.confirm({ question })).answer };
    },
  });
}

describe('a test link', () => {
  it('runs a service and its client with nothing between them but memory', async () => {
    await using link = await testLink(Everything, createNotes, {
      client: { handler: { confirm: ({ question }) => ({ answer: `${question}!` }) } },
    });
    const notes = record(link.client.callbacks.noted$);
    await expect(link.client.service.echo({ text: 'a' })).resolves.toMatchObject({ text: 'a' });
    await expect(link.client.service.ask({ question: 'who' })).resolves.toEqual({ answer: 'who!' });
    link.client.service.note({ index: 1 });
    link.client.service.note({ index: 2, text: 'b' });
    await link.settle();
    expect(notes).toMatchObject([{ index: 1 }, { index: 2 }]);
    expect(link.client.state).toMatchObject({ counter: 2n, last: 'b' });
    expect(link.service.sessions.size).toBe(1);
    expect(link.errors).toEqual([]);
  });

  it('loses nothing while it is cut: the session resumes when it is restored', async () => {
    await using link = await testLink(Everything, createNotes);
    const statuses = record(link.client.status$);
    const notes = record(link.client.callbacks.noted$);
    await link.client.open();
    link.client.service.note({ index: 1 });
    link.cut();
    await link.settle();
    expect(link.client.status).toBe('resuming');
    link.client.service.note({ index: 2 });
    await link.clock.advance(15_000);
    expect(notes).toEqual([]);
    link.restore();
    await link.settle();
    expect(notes).toMatchObject([{ index: 1 }, { index: 2 }]);
    expect([...statuses]).toEqual(['created', 'opening', 'opened', 'resuming', 'opened']);
  });

  it('shows what happens when the connection does not come back in time', async () => {
    await using link = await testLink(Everything, createNotes, { host: { resumeWindowMs: 60_000 } });
    await link.client.open();
    link.cut();
    await link.clock.advance(60_000);
    expect(await link.client.closed).toMatchObject({ kind: 'lost' });
    expect(link.service.sessions.size).toBe(0);
    expect(link.errors).toMatchObject([{ side: 'client', error: { kind: 'lost' } }]);
  });

  it('may be cut without a word: then both sides notice by themselves, in their time', async () => {
    await using link = await testLink(Everything, createNotes);
    await link.client.open();
    link.cut({ silent: true });
    await link.clock.advance(14_000);
    expect(link.client.status).toBe('opened');
    await link.clock.advance(1_001);
    expect(link.client.status).toBe('resuming');
    link.restore();
    await link.settle();
    expect(link.client.status).toBe('opened');
    await expect(link.client.service.echo({ text: 'still there' })).resolves.toMatchObject({ text: 'still there' });
  });

  it('opens only once it is restored, if it was cut before', async () => {
    await using link = await testLink(Everything, createNotes);
    link.cut();
    const reply = link.client.service.echo({ text: 'early' });
    await link.settle();
    expect(link.client.status).toBe('opening');
    link.restore();
    await expect(reply).resolves.toMatchObject({ text: 'early' });
  });

  it('may have many clients, each with a session of its own', async () => {
    await using link = await testLink(Everything, createNotes);
    const second = link.connect();
    link.client.service.note({ index: 1 });
    second.service.note({ index: 2 });
    await link.settle();
    expect(record(link.client.callbacks.noted$)).toMatchObject([{ index: 1 }]);
    expect(record(second.callbacks.noted$)).toMatchObject([{ index: 2 }]);
    expect(link.service.sessions.size).toBe(2);
  });

  it('keeps the errors that nobody awaited, of both sides', async () => {
    await using link = await testLink(Everything, createNotes, {
      client: {
        handler: {
          noted() {
            throw new Error('no such note');
          },
        },
      },
    });
    link.client.service.fail({ text: 'no such thing' });
    link.client.service.note({ index: 1 });
    await link.settle();
    expect(link.errors).toMatchObject([
      { side: 'service', method: 'fail', error: { cause: { message: 'no such thing' } } },
      { side: 'client', method: 'noted', error: { cause: { message: 'no such note' } } },
    ]);
  });

  it('runs on the time of the test: a deadline passes when the test says so', async () => {
    const clock = new VirtualClock();
    await using link = await testLink(Everything, () => partly({ echo: () => new Promise(() => {}) }), { clock });
    const failed = rejectionOf(link.client.service.echo({}, { timeoutMs: 3_600_000 }));
    await clock.advance(3_600_000);
    expect(await failed).toMatchObject({ kind: 'timeout' });
  });

  it('leaves nothing behind', async () => {
    const disposed: string[] = [];
    const clock = new VirtualClock();
    let closed: Promise<unknown>;
    {
      await using link = await testLink(
        Everything,
        () => ({ ...partly({ note: () => new Promise(() => {}) }), [Symbol.dispose]: () => disposed.push('service') }),
        { clock },
      );
      await link.client.open();
      await link.client.service.note({ index: 1 });
      link.cut({ silent: true });
      ({ closed } = link.client);
    }
    expect(await closed).toMatchObject({ kind: 'aborted' });
    expect(disposed).toEqual(['service']);
    expect(clock.armed).toBe(0);
  });

  it('lets credentials end, and be renewed, on its clock', async () => {
    const clock = new VirtualClock();
    let shown = 0;
    await using link = await testLink(Everything, createNotes, {
      clock,
      host: { authenticate: () => ({ id: 'ann', expiresAt: new Date(clock.date() + 300_000) }), idleTimeoutMs: 0 },
      client: { sessionCredentials: () => ({ scheme: 'test', value: `${++shown}` }) },
    });
    const statuses = record(link.client.status$);
    await link.client.open();
    await clock.advance(3_600_000);
    // Every four minutes, a minute before the end.
    expect(shown).toBe(1 + 60 / 4);
    expect(statuses).toEqual(['created', 'opening', 'opened']);
  });

  it('turns a client away as a real host does', async () => {
    await using link = await testLink(Everything, () => Promise.reject(new Fault(7, 'members only')));
    expect(await rejectionOf(link.client.open())).toMatchObject({ kind: 'refused', code: 7, message: 'members only' });
  });

  it('gives its clock to hosts and clients over real gRPC, too', async () => {
    const clock = new VirtualClock();
    await using host = createHost({ clock });
    host.add(Everything, createNotes);
    const { address } = await host.listen('localhost:0');
    await using client = connect(Everything, address, { clock });
    await expect(client.service.echo({ text: 'real' })).resolves.toMatchObject({ text: 'real' });
  });
});
