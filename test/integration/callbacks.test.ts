import { Code, createHost } from 'grpc-duplex';
import { config } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { join, partly, serve } from '../support/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { deferred, eventually, record } from '../support/observe.js';
import { thrownBy } from '../support/thrown-by.js';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('callbacks as observables', () => {
  it('lose nothing that comes before the first subscriber', async () => {
    const { address } = await serve((session) => {
      for (const index of upTo(256)) session.callback.noted({ index });
      return { reset: () => ({}) };
    });
    const { client, errors } = join(address);
    await client.service.reset();
    const seen: number[] = [];
    client.callbacks.noted$.subscribe(({ index }) => seen.push(index));
    expect(seen).toEqual(upTo(256));
    expect(errors).toEqual([]);
  });

  it('drop the oldest beyond 256 that nobody claims, and report that once', async () => {
    const { address } = await serve((session) => {
      for (const index of upTo(400)) session.callback.noted({ index });
      session.callback.progressed({ percent: 1 });
      return { reset: () => ({}) };
    });
    const { client, errors } = join(address);
    await client.service.reset();
    expect(errors).toMatchObject([{ method: 'noted', error: { kind: 'fault', code: Code.RESOURCE_EXHAUSTED } }]);
    const seen: number[] = [];
    client.callbacks.noted$.subscribe(({ index }) => seen.push(index));
    expect(seen).toEqual(upTo(400).slice(144));
    expect(record(client.callbacks.progressed$)).toMatchObject([{ percent: 1 }]);
    expect(errors).toHaveLength(1);
  });

  it('that the service awaits, by a contract that has an answer for them, are answered', async () => {
    const reply = Everything.callbacks.find(({ localName }) => localName === 'confirm')?.reply;
    const asking = {
      ...Everything,
      callbacks: Everything.callbacks.map((method) =>
        method.localName === 'noted' ? { ...method, shape: 'request-reply' as const, reply } : method,
      ),
    };
    const host = createHost();
    onTestFinished(async () => void (await host.stop()));
    const opened = deferred<Everything.Session>();
    host.add(asking as typeof Everything, (session) => {
      opened.resolve(session);
      return partly({});
    });
    const { client } = join((await host.listen('localhost:0')).address, { operationContext: false });
    const seen = record(client.callbacks.noted$);
    await client.open();
    await (await opened.promise).callback.noted({ index: 5 });
    expect(seen).toMatchObject([{ index: 5 }]);
  });

  it('are in one order in `callback$`, whatever was held', async () => {
    const { address, sessions } = await serve((session) => {
      session.callback.noted({ index: 1 });
      session.callback.progressed({ percent: 2 });
      session.callback.noted({ index: 3 });
      return { reset: () => ({}) };
    });
    const { client } = join(address);
    await client.service.reset();
    const events = record(client.callback$);
    sessions[0]?.callback.progressed({ percent: 4 });
    await client.service.reset();
    expect(events).toMatchObject([
      { name: 'noted', request: { index: 1 } },
      { name: 'progressed', request: { percent: 2 } },
      { name: 'noted', request: { index: 3 } },
      { name: 'progressed', request: { percent: 4 } },
    ]);
  });

  it('are hot after the first subscriber', async () => {
    const { address, sessions } = await serve(() => ({ reset: () => ({}) }));
    const { client } = join(address);
    const first = record(client.callbacks.noted$);
    await client.open();
    sessions[0]?.callback.noted({ index: 1 });
    await client.service.reset();
    const second = record(client.callbacks.noted$);
    sessions[0]?.callback.noted({ index: 2 });
    await client.service.reset();
    expect(first).toMatchObject([{ index: 1 }, { index: 2 }]);
    expect(second).toMatchObject([{ index: 2 }]);
  });

  it('go on for others when a subscriber throws, which is rxjs’s to report', async () => {
    const { address, sessions } = await serve(() => ({ reset: () => ({}) }));
    const { client } = join(address);
    const reported: unknown[] = [];
    const before = config.onUnhandledError;
    config.onUnhandledError = (error) => void reported.push(error);
    const bug = new Error('a bug');
    client.callbacks.noted$.subscribe(() => {
      throw bug;
    });
    client.status$.subscribe((status) => {
      if (status === 'opened') throw bug;
    });
    const notes = record(client.callbacks.noted$);
    const statuses = record(client.status$);
    await client.open();
    for (const index of [1, 2, 3]) await sessions[0]?.callback.noted({ index });
    await client.service.reset();
    expect(notes).toMatchObject([{ index: 1 }, { index: 2 }, { index: 3 }]);
    expect(statuses).toEqual(['opening', 'opened']);
    await eventually(() => expect(reported).toEqual([bug, bug, bug, bug]));
    config.onUnhandledError = before;
  });

  it('are dialled for by the first subscription', async () => {
    const { address, sessions } = await serve();
    for (const subscribe of [
      (client: ReturnType<typeof join>['client']) => client.callbacks.noted$.subscribe(),
      (client: ReturnType<typeof join>['client']) => client.callback$.subscribe(),
      (client: ReturnType<typeof join>['client']) => client.state$.subscribe(),
    ]) {
      const { client } = join(address);
      expect(client.status).toBe('created');
      subscribe(client);
      expect(client.status).toBe('opening');
    }
    await eventually(() => expect(sessions).toHaveLength(3));
    const { client } = join(address);
    record(client.status$);
    expect(client.status).toBe('created');
  });
});

describe('handlers of callbacks', () => {
  it('answer while observables watch, both kinds of callbacks', async () => {
    const { address, sessions } = await serve();
    const { client } = join(address, {
      handler: { confirm: ({ question }) => ({ answer: question }), noted: () => {} },
    });
    const [notes, questions, all] = [
      record(client.callbacks.noted$),
      record(client.callbacks.confirm$),
      record(client.callback$),
    ];
    await client.open();
    sessions[0]?.callback.noted({ index: 1 });
    await expect(sessions[0]?.callback.confirm({ question: 'a' })).resolves.toMatchObject({ answer: 'a' });
    expect(notes).toMatchObject([{ index: 1 }]);
    expect(questions).toMatchObject([{ question: 'a' }]);
    expect(all.map((event) => (event === 'complete' ? event : event.name))).toEqual(['noted', 'confirm']);
  });

  it('may be an object of a class', async () => {
    class Answers {
      readonly seen: number[] = [];
      noted({ index }: { index: number }) {
        this.seen.push(index);
      }
      confirm() {
        return { answer: `${this.seen.length} seen` };
      }
    }
    const handler = new Answers();
    const { address, sessions } = await serve();
    const { client } = join(address, { handler });
    await client.open();
    sessions[0]?.callback.noted({ index: 4 });
    await expect(sessions[0]?.callback.confirm()).resolves.toMatchObject({ answer: '1 seen' });
  });

  it('may come late, and then get what was held', async () => {
    const { address, sessions } = await serve((session) => {
      session.callback.noted({ index: 1 });
      return { reset: () => ({}) };
    });
    const { client } = join(address);
    await client.service.reset();
    const seen: number[] = [];
    const subscription = client.handle({ noted: ({ index }) => void seen.push(index) });
    expect(seen).toEqual([1]);
    await sessions[0]?.callback.noted({ index: 2 });
    await client.service.reset();
    subscription.unsubscribe();
    await sessions[0]?.callback.noted({ index: 3 });
    await client.service.reset();
    expect(seen).toEqual([1, 2]);
  });

  it('may be one for each callback; a second one is an error that says so', async () => {
    const { address } = await serve();
    const { client } = join(address, { handler: { confirm: () => ({}) } });
    const error = thrownBy(() => client.handle({ confirm: () => ({}) }));
    expect(error).toMatchObject({ kind: 'fault', code: Code.ALREADY_EXISTS });
    expect(error).toHaveProperty('message', expect.stringContaining('confirm$'));
    client.handle({ noted: () => {} });
    expect(thrownBy(() => client.handle({ noted: () => {} }))).toMatchObject({ code: Code.ALREADY_EXISTS });
  });

  it('that cannot all be taken are none of them taken', async () => {
    const { address, sessions } = await serve(() => ({ reset: () => ({}) }));
    const { client } = join(address, { handler: { confirm: () => ({ answer: 'first' }) } });
    const seen: number[] = [];
    thrownBy(() => client.handle({ noted: ({ index }) => void seen.push(index), confirm: () => ({}) }));
    await client.open();
    await sessions[0]?.callback.noted({ index: 1 });
    await client.service.reset();
    expect(seen).toEqual([]);
    client.handle({ noted: ({ index }) => void seen.push(index) });
    expect(seen).toEqual([1]);
  });

  it('may be replaced by another after they have left', async () => {
    const { address, sessions } = await serve();
    const { client } = join(address);
    await client.open();
    const first = client.handle({ confirm: () => ({ answer: 'first' }) });
    await expect(sessions[0]?.callback.confirm()).resolves.toMatchObject({ answer: 'first' });
    first.unsubscribe();
    client.handle({ confirm: () => ({ answer: 'second' }) });
    first.unsubscribe();
    await expect(sessions[0]?.callback.confirm()).resolves.toMatchObject({ answer: 'second' });
  });

  it('run side by side: a slow answer does not keep others waiting', async () => {
    const { address, sessions } = await serve();
    const { client } = join(address, {
      handler: { confirm: ({ question }) => (question === 'slow' ? new Promise(() => {}) : { answer: question }) },
    });
    await client.open();
    void sessions[0]?.callback.confirm({ question: 'slow' });
    await expect(sessions[0]?.callback.confirm({ question: 'fast' })).resolves.toMatchObject({ answer: 'fast' });
  });
});
