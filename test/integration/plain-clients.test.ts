import { resolve } from 'node:path';
import { credentials, loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Code, connect, createHost } from 'grpc-duplex';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Calculator } from '../../examples/calculator/gen/calculator/v1/calculator_duplex.js';
import { content } from '../support/envelope.js';
import { join, serve } from '../support/everything.js';
import {
  ConfirmRequest,
  ConfirmResponse,
  EchoRequest,
  NotedRequest,
  NoteRequest,
} from '../support/gen/testing/v1/everything.js';
import { deferred, eventually, record } from '../support/observe.js';
import { RawStream } from '../support/raw-stream.js';

const root = resolve(import.meta.dirname, '../..');

/** An envelope as a client without this library sees it. */
type PlainEnvelope = Readonly<Record<string, unknown>> & { readonly content?: string };

interface PlainStream {
  write(envelope: object): void;
  end(): void;
  on(event: 'data', listener: (envelope: PlainEnvelope) => void): void;
  on(event: 'metadata', listener: (headers: unknown) => void): void;
  on(event: 'status', listener: (status: { code: number; details: string }) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
}

/** Opens a stream with nothing but grpc-js, proto-loader and the published wire proto. */
function openCalculator(address: string): PlainStream {
  const definition = loadSync('calculator/v1/calculator_duplex.proto', {
    includeDirs: [resolve(root, 'examples/calculator/proto'), resolve(root, 'proto')],
    keepCase: true,
    longs: String,
    defaults: true,
    oneofs: true,
  });
  type Package = { calculator: { v1: { CalculatorDuplexService: ServiceClientConstructor } } };
  const { CalculatorDuplexService } = (loadPackageDefinition(definition) as unknown as Package).calculator.v1;
  const client = new CalculatorDuplexService(address, credentials.createInsecure());
  onTestFinished(() => client.close());
  return (client as unknown as { Connect(): PlainStream }).Connect();
}

/** The calculator of the examples, on a free port. */
async function serveCalculator(): Promise<string> {
  const host = createHost();
  host.add(
    Calculator,
    (session) => {
      const apply = (sign: string, n: number, result: number): void => {
        session.state.update(({ equation }) => ({ result, equation: `${equation} ${sign} ${n}` }));
        session.callback.equals({ result });
      };
      return {
        addTo: ({ n }) => apply('+', n, session.state.value.result + n),
        subtractFrom: ({ n }) => apply('-', n, session.state.value.result - n),
        multiplyBy: ({ n }) => apply('*', n, session.state.value.result * n),
        divideBy: ({ n }) => apply('/', n, session.state.value.result / n),
        clear() {
          const { result, equation } = session.state.value;
          session.callback.equation({ equation: `${equation} = ${result}` });
          session.state.set({ result, equation: `${result}` });
        },
      };
    },
    { initialState: { equation: '0' } },
  );
  const { address } = await host.listen('localhost:0');
  onTestFinished(() => void host.stop());
  return address;
}

const operations = [
  { add_to: { n: 100 } },
  { subtract_from: { n: 50 } },
  { multiply_by: { n: 17.5 } },
  { divide_by: { n: 2 } },
  { clear: {} },
];
const told = ['equals 100', 'equals 50', 'equals 875', 'equals 437.5', 'equation 0 + 100 - 50 * 17.5 / 2 = 437.5'];

function tell(envelope: PlainEnvelope): string {
  const value = envelope[envelope.content ?? ''] as { result?: number; equation?: string };
  return `${envelope.content} ${value.result ?? value.equation}`;
}

describe('a client with nothing but grpc-js and the wire proto', () => {
  it.each(['half-closes at once', 'keeps its stream open'])(
    'that %s is told what our own client is told',
    async (how) => {
      const address = await serveCalculator();
      const own = connect(Calculator, address);
      const ownTold: string[] = [];
      own.callback$.subscribe(({ name, request }) => ownTold.push(`${name} ${Object.values(request)[0]}`));
      await own.service.addTo({ n: 100 });
      await own.service.subtractFrom({ n: 50 });
      await own.service.multiplyBy({ n: 17.5 });
      await own.service.divideBy({ n: 2 });
      await own.service.clear();
      await own.open();
      await own.close();
      expect(ownTold).toEqual(told);

      const stream = openCalculator(address);
      const received: PlainEnvelope[] = [];
      const ended = deferred<{ code: number }>();
      stream.on('data', (envelope) => received.push(envelope));
      stream.on('error', () => {});
      stream.on('status', ended.resolve);
      for (const operation of operations) stream.write(operation);
      if (how === 'half-closes at once') stream.end();
      const callbacks = (): string[] => received.filter(({ content }) => content !== 'state').map(tell);
      await eventually(() => expect(callbacks()).toEqual(told));
      if (how === 'keeps its stream open') stream.end();
      expect((await ended.promise).code).toBe(0);
      expect(callbacks()).toEqual(told);
    },
  );

  it('sees no number, no control and no batch of items', async () => {
    const stream = openCalculator(await serveCalculator());
    const received: PlainEnvelope[] = [];
    stream.on('data', (envelope) => received.push(envelope));
    stream.on('error', () => {});
    for (const operation of operations) stream.write(operation);
    await eventually(() => expect(received.map(tell)).toContain(told.at(-1)));
    for (const envelope of received) {
      expect(envelope).toMatchObject({ seq: '0', ack: '0', backlog: 0, more: [] });
      expect(envelope.content).toMatch(/^(state|equals|equation)$/);
    }
    stream.end();
  });

  it('sees the state as a snapshot first, then every change', async () => {
    const stream = openCalculator(await serveCalculator());
    const states: unknown[] = [];
    stream.on('data', ({ state, content }) => {
      if (content === 'state') states.push(state);
    });
    stream.on('error', () => {});
    for (const operation of operations.slice(0, 2)) stream.write(operation);
    const expected = [
      { result: 0, equation: '0' },
      { result: 100, equation: '0 + 100' },
      { result: 50, equation: '0 + 100 - 50' },
    ];
    await eventually(() => expect(states).toEqual(expected));
    stream.end();
  });

  it('has the headers of its stream before it has said anything', async () => {
    const stream = openCalculator(await serveCalculator());
    const opened = deferred<unknown>();
    stream.on('metadata', opened.resolve);
    stream.on('error', () => {});
    await opened.promise;
    stream.end();
  });

  it('may only listen: an empty envelope opens the session', async () => {
    const stream = openCalculator(await serveCalculator());
    const received: PlainEnvelope[] = [];
    stream.on('data', (envelope) => received.push(envelope));
    stream.on('error', () => {});
    stream.write({});
    await eventually(() => expect(received.map(tell)).toEqual(['state 0']));
    stream.end();
  });
});

describe('a plain client', () => {
  it('is answered, and answers, by call ids of its own', async () => {
    const { address } = await serve((session) => ({
      async echo({ text }) {
        const { answer } = await session.callback.confirm({ question: text });
        return { text: answer };
      },
    }));
    const stream = new RawStream(address);
    stream.send({ callId: 77, content: content(102, EchoRequest, { text: 'sure?' }) });
    const asked = await eventually(() => {
      const found = stream.items.find(({ callId }) => callId !== undefined);
      if (found === undefined) throw new Error('not asked yet');
      return found;
    });
    expect(ConfirmRequest.decode(asked.content?.bytes ?? new Uint8Array())).toMatchObject({ question: 'sure?' });
    stream.send({
      replyTo: asked.callId ?? 0,
      content: content(asked.content?.number ?? 0, ConfirmResponse, { answer: 'yes' }),
    });
    await eventually(() => expect(stream.items.at(-1)).toMatchObject({ replyTo: 77, content: { number: 102 } }));
  });

  it('is slowed down by a slow handler, and loses nothing', async () => {
    const gate = deferred();
    const seen: number[] = [];
    const { address } = await serve((session) => ({
      async note({ index }) {
        await gate.promise;
        seen.push(index);
        session.callback.noted({ index });
      },
    }));
    const stream = new RawStream(address);
    for (let index = 0; index < 900; index++) stream.send({ content: content(100, NoteRequest, { index }) });
    stream.halfClose();
    gate.resolve();
    expect((await stream.status).code).toBe(0);
    expect(seen).toEqual(Array.from({ length: 900 }, (_, index) => index));
    const notes = stream.items.filter(({ content: { number } = { number: 0 } }) => number !== 21);
    expect(notes.map(({ content: noted }) => NotedRequest.decode(noted?.bytes ?? new Uint8Array()).index)).toEqual(
      seen,
    );
  });

  it('that sends far more than is handled is ended with RESOURCE_EXHAUSTED, not kept in memory', async () => {
    const { address, sessions } = await serve((session) => ({
      // Awaits this very client, so its stream must be read on.
      async note() {
        await session.callback.confirm();
      },
    }));
    const stream = new RawStream(address);
    for (let index = 0; index < 3_000; index++) stream.send({ content: content(100, NoteRequest, { index }) });
    expect((await stream.status).code).toBe(Code.RESOURCE_EXHAUSTED);
    expect(await sessions[0]?.closed).toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
  });

  it('that is killed ends its session', async () => {
    const { address, sessions } = await serve(() => ({ echo: () => new Promise(() => {}) }));
    const stream = new RawStream(address);
    stream.send({ callId: 1, content: content(102, EchoRequest) });
    await eventually(() => expect(sessions).toHaveLength(1));
    stream.cancel();
    expect(await sessions[0]?.closed).toMatchObject({ kind: 'lost' });
  });
});

describe('our own client at the plain level', () => {
  const plain = { level: 'plain' } as const;

  it('calls, is called, sees the state, and closes in order', async () => {
    const { address, sessions } = await serve(
      (session) => ({
        async ask({ question }) {
          session.callback.noted({ index: 1 });
          return session.callback.confirm({ question });
        },
      }),
      { initialState: { last: 'plain' } },
    );
    const { client, errors } = join(address, {
      ...plain,
      handler: { confirm: ({ question }) => ({ answer: question }) },
    });
    const [notes, states] = [record(client.callbacks.noted$), record(client.state$)];
    await expect(client.service.ask({ question: 'a' })).resolves.toMatchObject({ answer: 'a' });
    expect(await client.close()).toMatchObject({ kind: 'closed', origin: 'local' });
    expect(notes).toMatchObject([{ index: 1 }, 'complete']);
    expect(states).toMatchObject([{ last: 'plain' }, 'complete']);
    expect(await sessions[0]?.closed).toMatchObject({ kind: 'closed', origin: 'remote' });
    expect(errors).toEqual([]);
  });

  it('answers what a running operation asks before close() is over', async () => {
    const gate = deferred();
    const { address } = await serve((session) => ({
      async ask({ question }) {
        await gate.promise;
        return session.callback.confirm({ question });
      },
    }));
    const { client } = join(address, {
      ...plain,
      closeTimeoutMs: 1_000,
      handler: { confirm: ({ question }) => ({ answer: question }) },
    });
    const reply = client.service.ask({ question: 'late' }, { timeoutMs: 3_000 });
    await client.open();
    const closed = client.close();
    gate.resolve();
    await expect(reply).resolves.toMatchObject({ answer: 'late' });
    expect(await closed).toMatchObject({ kind: 'closed' });
  });
});
