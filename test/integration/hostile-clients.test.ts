import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import fc from 'fast-check';
import { Code, connect, type HostCounters } from 'grpc-duplex';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CallOpen, Context, Reason, Result } from '../../src/gen/duplex/v1/session.js';
import { content, encodeEnvelope } from '../support/envelope.js';
import { join } from '../support/everything.js';
import { EchoRequest } from '../support/gen/testing/v1/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { eventually } from '../support/observe.js';
import { ScriptProcess } from '../support/processes.js';
import { RawStream } from '../support/raw-stream.js';
import { rejectionOf } from '../support/thrown-by.js';

const PATH = '/testing.v1.EverythingDuplexService/Connect';
const ECHO = 102;
const MIB = 1024 * 1024;
/** So much the heap may be larger at the end of each attack: caches, compiled code. */
const SLACK_BYTES = 16 * MIB;

let host: ScriptProcess;
let port: number;
let address: string;
let startBytes: number;

interface Measured extends HostCounters {
  readonly bytes: number;
}

async function measure(question = 'heap'): Promise<Measured> {
  const client = connect(Everything, address, { onError: () => {} });
  const { answer } = await client.service.ask({ question });
  await client.close();
  return JSON.parse(answer);
}

beforeAll(async () => {
  host = new ScriptProcess('test/support/measured-host.ts', [], () => {});
  port = Number((await host.printed('listening on')).replace('listening on ', ''));
  address = `127.0.0.1:${port}`;
  for (let warm = 0; warm < 3; warm++) startBytes = (await measure()).bytes;
}, 60_000);

// Within `beforeAll` it would not be heard.
afterAll(() => host.kill('SIGKILL'));

/** The process lives, holds nothing of what was done to it, and its memory is what it was. */
afterEach(async () => {
  await eventually(async () => {
    const { bytes, sessions, handshakes, calls } = await measure();
    expect({ sessions, handshakes, calls }).toEqual({ sessions: 1, handshakes: 0, calls: 1 });
    expect(bytes).toBeLessThan(startBytes + SLACK_BYTES);
  });
});

async function tcp(): Promise<Socket> {
  const socket = connectTcp(port, '127.0.0.1').on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

function http2(settings = {}): ClientHttp2Session {
  const session = connectHttp2(`http://${address}`, { settings }).on('error', () => {});
  onTestFinished(() => session.destroy());
  return session;
}

function open(session: ClientHttp2Session, path = PATH, headers = {}): ClientHttp2Stream {
  const stream = session.request(
    { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers },
    { endStream: false },
  );
  return stream.on('error', () => {}).on('data', () => {});
}

/** The gRPC status of a stream, wherever in it that stands; undefined if it ends without one. */
function statusOf(stream: ClientHttp2Stream): Promise<number | undefined> {
  return new Promise((resolve) => {
    const look = (headers: Record<string, unknown>): void => {
      if (headers['grpc-status'] !== undefined) resolve(Number(headers['grpc-status']));
    };
    stream.on('response', look).on('trailers', look);
    stream.on('close', () => resolve(undefined));
  });
}

/** A gRPC message as it travels; `claimed` is the length that it says it has. */
function message(bytes: Uint8Array, claimed = bytes.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(claimed, 1);
  return Buffer.concat([head, bytes]);
}

function varint(value: number): readonly number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

const echo = (text: string) => content(ECHO, EchoRequest, { text });

describe('a client that opens slowly', () => {
  it('is let go at every stage: no byte, no preface, no headers, no message, half a message', async () => {
    const silent = await tcp();
    const prefaced = await tcp();
    prefaced.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    const session = http2();
    const headersOnly = open(session);
    const halfMessage = open(session);
    halfMessage.write(message(Buffer.alloc(3), 1_000));
    const statuses = await Promise.all([headersOnly, halfMessage].map(statusOf));
    expect(statuses).toEqual([Code.DEADLINE_EXCEEDED, Code.DEADLINE_EXCEEDED]);
    // A connection without a stream costs a socket; it is the system's keepalive, or a proxy, that ends it.
    silent.destroy();
    prefaced.destroy();
  });

  it('of a thousand that open streams and say nothing, hardly any is kept', async () => {
    const session = http2();
    const statuses = await Promise.all(Array.from({ length: 1_000 }, () => statusOf(open(session))));
    const refused = statuses.filter((status) => status === Code.RESOURCE_EXHAUSTED).length;
    expect(refused).toBe(800);
  });
});

describe('a flood', () => {
  it('of streams that are reset as soon as they are opened passes', async () => {
    for (let round = 0; round < 10; round++) {
      const session = http2();
      for (let index = 0; index < 500; index++) {
        const stream = open(session);
        if (index % 2 === 0) stream.write(message(encodeEnvelope({ callId: 1, content: echo('x') })));
        stream.close(constants.NGHTTP2_CANCEL);
      }
      await new Promise((resolve) => session.close(() => resolve(undefined)));
    }
  }, 60_000);

  it('of callbacks to a client that opens no window stays at its bound', async () => {
    const session = http2({ initialWindowSize: 0 });
    const stream = open(session);
    stream.pause();
    stream.write(message(encodeEnvelope({})));
    await eventually(async () => expect((await measure('')).sessions).toBe(2));
    for (let round = 0; round < 20; round++) await measure('tell');
    const { bytes } = await measure();
    // 100 MB were for it; the window and what waits beyond it are 4 MiB each, and buffers that are not collected yet.
    expect(bytes).toBeLessThan(startBytes + 40 * MIB);
    session.destroy();
  }, 60_000);

  it('of guesses at the token of a session finds nothing, and the session lives', async () => {
    const owner = new RawStream(address);
    const { sessionId, epoch } = await owner.greet();
    owner.send({});
    for (let guess = 0; guess < 200; guess++) {
      const token = crypto.getRandomValues(new Uint8Array(32));
      const marks = { received: 0, first: 1, last: 0 };
      const stream = new RawStream(address);
      expect(await stream.greet({ sessionId, epoch, token, marks, attempt: 2 + guess })).toMatchObject({
        result: Result.REJECTED,
        reason: Reason.UNKNOWN_SESSION,
      });
    }
    owner.send({ seq: 1, callId: 1, content: echo('mine') });
    await eventually(() => expect(owner.items.some(({ replyTo }) => replyTo === 1)).toBe(true));
    owner.cancel();
  }, 60_000);
});

describe('a message', () => {
  it('that is larger than a frame may be ends its stream, typed', async () => {
    const stream = new RawStream(address).send(Buffer.alloc(9 * MIB));
    await expect(stream.status).resolves.toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
  });

  it('of a million items, or of a million elements, ends its stream or is answered', async () => {
    const many = Buffer.concat(Array.from({ length: 100_000 }, () => Buffer.from([0x7a, 0x00])));
    await expect(new RawStream(address).send(many).status).resolves.toMatchObject({ code: Code.INVALID_ARGUMENT });
    const stream = new RawStream(address);
    // A thousand times a thousand empty tags.
    const bytes = Buffer.concat(Array.from({ length: 400_000 }, () => Buffer.from([0x1a, 0x00])));
    stream.send({ callId: 1, content: { number: ECHO, bytes } });
    await eventually(() => expect(stream.items.some(({ replyTo }) => replyTo === 1)).toBe(true));
    stream.cancel();
  }, 30_000);

  it('that is nested ten thousand deep ends its stream, typed', async () => {
    const nest = (tag: readonly number[]): Uint8Array => {
      let bytes = Buffer.alloc(0);
      for (let depth = 0; depth < 10_000; depth++) {
        bytes = Buffer.concat([Buffer.from([...tag, ...varint(bytes.length)]), bytes]);
      }
      return bytes;
    };
    const more = await new RawStream(address).send(nest([0x7a])).status;
    expect(more.code).toBe(Code.INVALID_ARGUMENT);
    // A control that says nothing known is passed over; then there is no Hello.
    const control = await new RawStream(address).send(nest([0x82, 0x01])).status;
    expect(control.code).toBe(Code.DEADLINE_EXCEEDED);
  });

  it('may use names that mean something to JavaScript', async () => {
    const stream = new RawStream(address);
    await stream.greet();
    const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then'];
    for (const [index, name] of names.entries()) {
      const context = Context.fromPartial({ headers: [{ name, value: new Uint8Array([1]) }], traceparent: name });
      stream.send({ seq: 2 * index + 1, callId: 2 * index + 1, content: content(17, CallOpen, { method: name }) });
      stream.send({ seq: 2 * index + 2, callId: 2 * index + 2, context, content: echo(name) });
    }
    for (const index of names.keys()) {
      expect(await stream.faultOf(2 * index + 1)).toMatchObject({ code: Code.UNIMPLEMENTED });
      await eventually(() => expect(stream.items.some(({ replyTo }) => replyTo === 2 * index + 2)).toBe(true));
    }
    stream.cancel();
  });

  it('writes no lines of its own into a log, nor more than a little of it', async () => {
    const stream = new RawStream(address);
    await stream.greet();
    const method = `x\r\n\u001b[31mroot logged in\u202e${'y'.repeat(100_000)}`;
    stream.send({ seq: 1, callId: 1, content: content(17, CallOpen, { method }) });
    const { message: told } = await stream.faultOf(1);
    expect([...told].filter((character) => character < ' ')).toEqual([]);
    expect(told.length).toBeLessThan(500);
    stream.cancel();
  });

  it('of any bytes whatever, at any layer, changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 512 }),
        fc.constantFrom('tcp', 'grpc', 'envelope'),
        async (bytes, layer) => {
          if (layer === 'envelope') {
            const stream = new RawStream(address).send(bytes).halfClose();
            await stream.status;
            return;
          }
          const socket = layer === 'tcp' ? await tcp() : undefined;
          socket?.end(bytes);
          if (socket !== undefined) return;
          const session = http2();
          const stream = open(session);
          stream.end(Buffer.from(bytes));
          await once(stream, 'close');
          session.close();
        },
      ),
      { numRuns: 150 },
    );
  }, 60_000);
});

describe('what a client is told', () => {
  it('is nothing of an error that is no fault', async () => {
    const { client } = join(address);
    const error = await rejectionOf(client.service.ask({ question: 'secret' }));
    expect(JSON.stringify(error) + error.message).not.toMatch(/CANARY|passwd|\.ts|at /);
    expect(error).toMatchObject({ code: Code.INTERNAL, errorId: expect.any(String) });
    expect(await host.printed('CANARY')).toContain('CANARY');
    await client.close();
  });

  it('is a status, whatever path and headers it asks by', async () => {
    const session = http2();
    const paths = ['/', '//', '/testing.v1.EverythingDuplexService', '/__proto__/constructor', `/${'x'.repeat(5_000)}`];
    for (const path of [...paths, `${PATH}/..`, PATH.toUpperCase()]) {
      expect(await statusOf(open(session, path))).toBe(Code.UNIMPLEMENTED);
    }
    const large = open(session, PATH, { 'x-large': 'x'.repeat(60_000) });
    expect(await statusOf(large)).not.toBe(Code.OK);
  });
});
