import fc from 'fast-check';
import { Code, type ErrorSource } from 'grpc-duplex';
import { describe, expect, it } from 'vitest';
import { CallCancel, CallOpen, Hello, Welcome } from '../../src/gen/duplex/v1/session.js';
import { content, control, type Envelope, encodeEnvelope } from '../support/envelope.js';
import { join, serve } from '../support/everything.js';
import { EchoRequest, EchoResponse, NoteRequest, SumRequest } from '../support/gen/testing/v1/everything.js';
import { deferred, eventually } from '../support/observe.js';
import { RawStream } from '../support/raw-stream.js';

const NOTE = 100;
const ECHO = 102;
const SUM = 109;
const UNKNOWN = 999;

const echoing = () => ({ echo: ({ text }: { text: string }) => ({ text }), note: () => {} });
const note = (seq: number): Envelope => ({ seq, content: content(NOTE, NoteRequest, { index: seq }) });
const echo = (seq: number, callId: number, text = 'hi'): Envelope => ({
  seq,
  callId,
  content: content(ECHO, EchoRequest, { text }),
});

/** That the host is as well as before: another client is served. */
async function expectAlive(address: string, errors: readonly ErrorSource[] = []): Promise<void> {
  const { client } = join(address);
  await expect(client.service.echo({ text: 'alive' })).resolves.toMatchObject({ text: 'alive' });
  await client.close();
  expect(errors).toEqual([]);
}

describe('an operation that the service does not know', () => {
  it('is answered UNIMPLEMENTED where an answer is wanted, and the session lives', async () => {
    const { address, errors } = await serve(echoing);
    const stream = new RawStream(address);
    await stream.greet();
    stream.send({ seq: 1, callId: 1, content: { number: UNKNOWN, bytes: Uint8Array.of(8, 1) } }, echo(2, 2));
    const fault = await stream.faultOf(1);
    expect(fault.code).toBe(Code.UNIMPLEMENTED);
    expect(fault.message).toContain('999');
    await eventually(() => expect(stream.items.at(-1)).toMatchObject({ replyTo: 2, content: { number: ECHO } }));
    await expectAlive(address, errors);
  });

  it('is passed over where none is wanted, and the session lives', async () => {
    const { address, errors } = await serve(echoing);
    const stream = new RawStream(address);
    await stream.greet();
    stream.send({ seq: 1, content: { number: UNKNOWN, bytes: Uint8Array.of(8, 1) } }, echo(2, 1));
    await eventually(() => expect(stream.items.at(-1)).toMatchObject({ replyTo: 1, content: { number: ECHO } }));
    await expectAlive(address, errors);
  });
});

describe('more headers than there may be', () => {
  const headers = Array.from({ length: 65 }, (_, n) => ({ name: `h${n}`, value: new Uint8Array() }));
  const context = { traceparent: '', tracestate: '', headers, parentCall: 0 };

  it.each([
    ['on a call', content(ECHO, EchoRequest)],
    ['on the first request of a stream', content(SUM, SumRequest)],
    ['on a stream that opens without a request', content(17, CallOpen, { method: 'Sum' })],
  ])('are answered with INVALID_ARGUMENT, and the session lives: %s', async (_, content) => {
    const { address, errors } = await serve(echoing);
    const stream = new RawStream(address);
    await stream.greet();
    stream.send({ seq: 1, callId: 1, context, content }, echo(2, 2));
    expect((await stream.faultOf(1)).code).toBe(Code.INVALID_ARGUMENT);
    await eventually(() => expect(stream.items.at(-1)).toMatchObject({ replyTo: 2, content: { number: ECHO } }));
    await expectAlive(address, errors);
  });
});

describe('an item that cannot be decoded', () => {
  it('faults its call with INVALID_ARGUMENT, uses up its number, and the session lives', async () => {
    const { address } = await serve(echoing);
    const stream = new RawStream(address);
    await stream.greet();
    const garbage = { number: ECHO, bytes: Uint8Array.of(0xff, 0xff, 0xff, 0x01) };
    stream.send({ seq: 1, callId: 1, content: garbage }, { seq: 2, content: { ...garbage, number: NOTE } }, echo(3, 2));
    expect(await stream.faultOf(1)).toMatchObject({ code: Code.INVALID_ARGUMENT });
    await eventually(() => expect(stream.items.at(-1)).toMatchObject({ replyTo: 2, content: { number: ECHO } }));
    await expectAlive(address);
  });
});

describe('a violation of the protocol', () => {
  const twoArms = Uint8Array.from([
    ...encodeEnvelope(note(1)),
    ...encodeEnvelope({ content: content(ECHO, EchoRequest) }),
  ]);
  const violations: readonly (readonly [string, readonly (Envelope | Uint8Array)[]])[] = [
    ['two arms in one envelope', [twoArms]],
    ['garbage', [Uint8Array.of(0xde, 0xad, 0xbe, 0xef)]],
    ['half an envelope', [encodeEnvelope(note(1)).subarray(0, 5)]],
    ['an acknowledgement of what was never sent', [{ ack: 1_000_000 }]],
    ['an acknowledgement with more backlog than there is', [{ ack: 0, backlog: 5 }]],
    ['a number of 2^53 and more', [Uint8Array.of(8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1)]],
    ['a missing number', [note(1), note(3), note(3), note(3), note(3), note(3)]],
    ['an item without a number', [note(0)]],
    ['`more` in `more`', [{ ...note(1), more: [{ ...note(0), more: [note(0)] }] }]],
    ['a second Hello', [{ content: control({ $case: 'hello', value: Hello.fromPartial({}) }) }]],
    ['a Welcome from a client', [{ content: control({ $case: 'welcome', value: Welcome.fromPartial({}) }) }]],
  ];

  it.each(violations)('ends the session of who did it with a typed status, and nothing else: %s', async (_, frames) => {
    const { address, errors, sessions } = await serve(echoing, { resumeWindowMs: 0 });
    const stream = new RawStream(address);
    await stream.greet();
    stream.send(...frames);
    const { code, details } = await stream.status;
    expect(code).toBe(Code.INVALID_ARGUMENT);
    expect(details).toContain('protocol');
    expect(details).not.toMatch(/\n|node_modules|\.ts/);
    expect(await sessions[0]?.closed).toMatchObject({ kind: 'protocol', code: Code.INVALID_ARGUMENT });
    await expectAlive(address, errors);
  });

  it.each([
    ['garbage instead of a Hello', [Uint8Array.of(0xff, 0xff, 0xff, 0xff)]],
    ['a Hello that is no such message', [{ content: { number: 16, bytes: Uint8Array.of(0x0a, 0x7f) } }]],
  ] as const)('at the door ends the stream with a typed status: %s', async (_, frames) => {
    const { address, errors, sessions } = await serve(echoing, { handshakeTimeoutMs: 2_000 });
    const stream = new RawStream(address);
    stream.send(...frames);
    expect((await stream.status).code).toBe(Code.INVALID_ARGUMENT);
    expect(sessions).toEqual([]);
    await expectAlive(address, errors);
  });

  it('by items before the Welcome ends the stream with a typed status', async () => {
    const made = deferred<object>();
    const { address, service } = await serve(() => made.promise, { resumeWindowMs: 0 });
    const stream = new RawStream(address);
    stream.send({ content: control({ $case: 'hello', value: Hello.fromPartial({}) }) }, echo(1, 1));
    expect((await stream.status).code).toBe(Code.INVALID_ARGUMENT);
    expect(stream.items).toEqual([]);
    made.resolve({});
    await eventually(() => expect(service.sessions.size).toBe(0));
  });

  it('by more than the window takes ends the session, so that memory stays bounded', async () => {
    const { address, service, sessions } = await serve(() => ({ note: () => new Promise(() => {}) }), {
      resumeWindowMs: 0,
    });
    const stream = new RawStream(address);
    await stream.greet();
    for (let first = 1; first < 60_000; first += 1_000) {
      const more = Array.from({ length: 999 }, () => ({ content: content(NOTE, NoteRequest) }));
      stream.send({ ...note(first), more });
    }
    await eventually(() => expect(service.sessions.size).toBe(0));
    expect((await stream.status).code).toBe(Code.INVALID_ARGUMENT);
    expect(await sessions[0]?.closed).toMatchObject({ kind: 'protocol' });
  });

  it('by more items of a stream than were granted is not kept in memory', async () => {
    const { address, service } = await serve(() => ({ sum: () => new Promise(() => {}) }), { resumeWindowMs: 0 });
    const stream = new RawStream(address);
    await stream.greet();
    const part = (seq: number): Envelope => ({ seq, callId: 1, content: content(SUM, SumRequest, { value: seq }) });
    for (let seq = 1; seq <= 5_000; seq++) stream.send(part(seq));
    // The credit is 256: either the call is failed for it, or the session.
    await eventually(() => {
      const failed = stream.items.some(({ replyTo, content: answer }) => replyTo === 1 && answer?.number === 20);
      expect(failed || service.sessions.size === 0).toBe(true);
    });
  });

  it('by the service reaches the client as a typed end, and its process lives', async () => {
    const { Server, ServerCredentials } = await import('@grpc/grpc-js');
    const server = new Server();
    const identity = (bytes: Buffer): Buffer => bytes;
    server.register(
      '/testing.v1.EverythingDuplexService/Connect',
      (call: { write(bytes: Buffer): void }) => call.write(Buffer.from([0xde, 0xad])),
      identity,
      identity,
      'bidi',
    );
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('localhost:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    const { client, errors } = join(`localhost:${port}`);
    await expect(client.open()).rejects.toMatchObject({ kind: 'protocol', origin: 'remote' });
    expect(await client.closed).toMatchObject({ kind: 'protocol' });
    expect(client.status).toBe('faulted');
    expect(errors).toHaveLength(1);
    server.forceShutdown();
  });
});

describe('an unusual, correct client', () => {
  it('may send unknown fields and unknown control messages', async () => {
    const { address } = await serve(echoing);
    const stream = new RawStream(address);
    await stream.greet();
    const unknownControl = { number: 16, bytes: Uint8Array.of(0xa2, 0x06, 0x01, 0x00) };
    stream.send({ content: unknownControl }, Uint8Array.from([0x40, 0x07, ...encodeEnvelope(echo(1, 1))]));
    await eventually(() => expect(stream.items.at(-1)).toMatchObject({ replyTo: 1 }));
  });

  it('may send what it has sent already: that is dropped and acknowledged again', async () => {
    const seen: number[] = [];
    const { address } = await serve(() => ({ ...echoing(), note: ({ index }) => void seen.push(index) }));
    const stream = new RawStream(address);
    await stream.greet();
    stream.send(note(1), note(2), note(1), {
      ...note(1),
      more: [note(0), { content: content(NOTE, NoteRequest, { index: 3 }) }],
    });
    await eventually(() => expect(seen).toEqual([1, 2, 3]));
    await eventually(() => expect(stream.received.at(-1)).toMatchObject({ ack: 3 }));
  });

  it('may want an answer to a one-way operation: it gets an empty one', async () => {
    const { address } = await serve(echoing);
    const stream = new RawStream(address);
    await stream.greet();
    stream.send({ ...note(1), callId: 5 });
    await eventually(() => expect(stream.items.at(-1)).toMatchObject({ replyTo: 5, content: { number: 18 } }));
  });

  it('may want no answer to an operation that has one: it runs, and that is all', async () => {
    const seen: string[] = [];
    const { address, errors } = await serve(() => ({
      echo({ text }) {
        seen.push(text);
        if (text === 'fail') throw new Error('nobody awaits this');
        return { text };
      },
    }));
    const stream = new RawStream(address);
    await stream.greet();
    stream.send(echo(1, 0, 'quiet'), echo(2, 0, 'fail'), echo(3, 7, 'loud'));
    await eventually(() => expect(stream.items.at(-1)).toMatchObject({ replyTo: 7 }));
    expect(seen).toEqual(['quiet', 'fail', 'loud']);
    expect(stream.items.filter(({ replyTo }) => replyTo !== undefined)).toHaveLength(1);
    expect(errors).toMatchObject([{ method: 'echo' }]);
  });

  it('may send a Hello again before it is welcomed only at the price of its session; one service is made', async () => {
    const made = deferred<object>();
    let count = 0;
    const { address } = await serve(() => {
      count += 1;
      return made.promise;
    });
    const stream = new RawStream(address);
    const hello = { content: control({ $case: 'hello', value: Hello.fromPartial({}) }) };
    stream.send(hello);
    await eventually(() => expect(count).toBe(1));
    stream.send(hello);
    expect((await stream.status).code).toBe(Code.INVALID_ARGUMENT);
    expect(count).toBe(1);
  });

  it('is answered a ping at once, with its id', async () => {
    const { address } = await serve(echoing);
    const stream = new RawStream(address);
    await stream.greet();
    stream.send({ content: control({ $case: 'ping', value: { id: 77 } }) });
    await eventually(() => expect(stream.controls).toContainEqual({ $case: 'pong', value: { id: 77 } }));
  });

  it('may answer what nobody asked', async () => {
    const { address, errors } = await serve(echoing);
    const stream = new RawStream(address);
    await stream.greet();
    stream.send({ seq: 1, replyTo: 12_345, content: content(ECHO, EchoResponse) }, echo(2, 1));
    await eventually(() => expect(stream.items.at(-1)).toMatchObject({ replyTo: 1 }));
    await expectAlive(address, errors);
  });

  it('may use the id of a call twice, also while it runs: that confuses nobody else', async () => {
    const { address, errors } = await serve(echoing);
    const stream = new RawStream(address);
    await stream.greet();
    stream.send(echo(1, 1, 'first'), echo(2, 1, 'second'), { seq: 3, callId: 1, content: content(19, CallCancel) });
    stream.send(echo(4, 2, 'third'));
    await eventually(() => expect(stream.items.at(-1)).toMatchObject({ replyTo: 2, content: { number: ECHO } }));
    expect(stream.items.flatMap(({ replyTo }) => replyTo ?? [])).toEqual([1, 1, 2]);
    await expectAlive(address, errors);
  });

  it('may cancel what does not run', async () => {
    const { address } = await serve(echoing);
    const stream = new RawStream(address);
    await stream.greet();
    stream.send({ seq: 1, callId: 9, content: { number: 19, bytes: new Uint8Array() } }, echo(2, 10));
    await eventually(() => expect(stream.items.at(-1)).toMatchObject({ replyTo: 10 }));
  });
});

describe('a client that says nothing', () => {
  it('is dropped after the handshake time-out, with a typed status', async () => {
    const { address, sessions, service } = await serve(echoing, { handshakeTimeoutMs: 200 });
    const stream = new RawStream(address);
    expect((await stream.status).code).toBe(Code.DEADLINE_EXCEEDED);
    expect(sessions).toEqual([]);
    expect(service.sessions.size).toBe(0);
  });
});

describe('random frames', () => {
  it('of 100 hostile clients at once leave the host as it was', async () => {
    const { address, errors, service } = await serve(echoing, { resumeWindowMs: 0 });
    const frames = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 5 });
    const samples = fc.sample(fc.tuple(fc.boolean(), frames), { numRuns: 100, seed: 20_260_101 });
    await Promise.all(
      samples.map(async ([greets, garbage]) => {
        const stream = new RawStream(address);
        if (greets) await stream.greet();
        stream.send(...garbage).halfClose();
        await stream.status;
      }),
    );
    await eventually(() => expect(service.sessions.size).toBe(0));
    await expectAlive(address);
    for (const { error } of errors) expect(error.name).toMatch(/DuplexError|Fault/);
  });
});
