// @ts-check
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import grpc from '@grpc/grpc-js';
import { importMessages } from './parts/contract.mjs';
import { Counter } from './parts/tally.mjs';

/**
 * @typedef {import('./parts/contract.mjs').BenchEnvelope} Envelope
 * @typedef {NonNullable<Envelope['content']>} Content
 * @typedef {import('@grpc/grpc-js').ClientDuplexStream<Envelope, Envelope>} ClientStream
 * @typedef {import('@grpc/grpc-js').ServerDuplexStream<Envelope, Envelope>} ServerStream
 * @typedef {ClientStream | ServerStream} Stream
 */

/**
 * A bidirectional stream of grpc-js as its users write it: one message per envelope, `drain` awaited when `write` asks for it.
 *
 * @type {import('../types.js').Peer}
 */
export default {
  ...streamPeer('grpc-js', send),
  abilities: [
    'sendTicks',
    'receiveTicks',
    'increment',
    'countUp',
    'haul',
    'firstCallback',
    'firstGreeting',
    'openIdle',
    'broadcast',
    'firstReply',
  ],
};

/**
 * @param {string} name
 * @param {(stream: Stream, count: number, envelope: (value: number) => Envelope) => Promise<void>} sendAll
 * @param {import('@grpc/grpc-js').ChannelOptions} [channelOptions]
 * @returns {import('../types.js').Peer}
 */
export function streamPeer(name, sendAll, channelOptions = {}) {
  return {
    name,
    abilities: ['sendTicks', 'receiveTicks', 'increment'],
    async server() {
      const server = new grpc.Server();
      /** @type {Set<ServerStream>} */
      const streams = new Set();
      server.addService(await serviceDefinition(), {
        connect: (/** @type {ServerStream} */ stream) => serve(stream, sendAll, streams),
        greet,
        countUp,
      });
      const port = await new Promise((resolve, reject) => {
        server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
          error ? reject(error) : resolve(bound),
        );
      });
      return `127.0.0.1:${port}`;
    },
    async firstReply(address) {
      const Client = grpc.makeGenericClientConstructor(await serviceDefinition(), 'BenchStream');
      /** @type {ClientStream} */
      const stream = new Client(address, grpc.credentials.createInsecure())['connect']?.();
      stream.on('error', () => {});
      await callsOver(stream, new Counter()).request({ $case: 'increment', value: { value: 1 } });
    },
    async client(address) {
      const Client = grpc.makeGenericClientConstructor(await serviceDefinition(), 'BenchStream');
      // Each with a connection of its own, as sessions have.
      const ownConnection = { ...channelOptions, 'grpc.use_local_subchannel_pool': 1 };
      const open = async (counter = new Counter()) => {
        const client = new Client(address, grpc.credentials.createInsecure(), ownConnection);
        /** @type {ClientStream} */
        const stream = client['connect']?.();
        const { request } = callsOver(stream, counter);
        await request({ $case: 'readTally', value: {} });
        return { client, stream, counter, request };
      };
      const main = await open();
      const all = [main];
      const openUpTo = async (/** @type {number} */ count) => {
        while (all.length < count) all.push(await open(main.counter));
      };
      const { client, stream, counter, request } = main;
      return {
        async sendTicks(count) {
          await sendAll(stream, count, (value) => ({ id: 0, content: { $case: 'tick', value: { value } } }));
          return request({ $case: 'readTally', value: {} });
        },
        receiveTicks: (count) =>
          counter.expect(count, () => stream.write({ id: 0, content: { $case: 'burst', value: { count } } })),
        increment: (value) => request({ $case: 'increment', value: { value } }),
        async countUp(count) {
          const items = client['countUp']?.({ count });
          items.on('data', (/** @type {{ value: number }} */ { value }) => counter.add(value));
          await once(items, 'end');
          return counter.take();
        },
        async haul(count, bytes) {
          const ballast = new Uint8Array(bytes).fill(7);
          await sendAll(stream, count, (value) => ({ id: 0, content: { $case: 'haul', value: { value, ballast } } }));
          return request({ $case: 'readTally', value: {} });
        },
        async firstCallback() {
          const fresh = new Client(address, grpc.credentials.createInsecure(), ownConnection);
          /** @type {ClientStream} */
          const first = fresh['connect']?.();
          first.write({ id: 0, content: { $case: 'burst', value: { count: 1 } } });
          return firstOf(first, fresh);
        },
        async firstGreeting() {
          const fresh = new Client(address, grpc.credentials.createInsecure(), ownConnection);
          return firstOf(fresh['greet']?.(), fresh);
        },
        openIdle: (count) => openUpTo(all.length + count),
        async broadcast(connections, count, burst) {
          await openUpTo(connections);
          await counter.expect(connections * count, () =>
            stream.write({ id: 0, content: { $case: 'broadcast', value: { count, burst } } }),
          );
        },
        close() {
          for (const connection of all) {
            connection.stream.end();
            connection.client.close();
          }
        },
      };
    },
  };
}

/**
 * Resolves when the first message is there, with what closes the connection.
 *
 * @param {ClientStream} stream
 * @param {import('@grpc/grpc-js').Client} client
 */
async function firstOf(stream, client) {
  stream.on('error', () => {});
  await once(stream, 'data');
  return async () => {
    stream.end();
    await once(stream, 'end');
    client.close();
  };
}

async function serviceDefinition() {
  const { BenchEnvelope, CountUpRequest, CountUpResponse } = await importMessages();
  const serialize = (/** @type {Envelope} */ envelope) => Buffer.from(BenchEnvelope.encode(envelope).finish());
  const deserialize = (/** @type {Buffer} */ bytes) => BenchEnvelope.decode(bytes);
  const exchange = {
    requestStream: true,
    responseStream: true,
    requestSerialize: serialize,
    requestDeserialize: deserialize,
    responseSerialize: serialize,
    responseDeserialize: deserialize,
  };
  return {
    connect: { ...exchange, path: '/testing.v1.BenchStreamService/Connect' },
    greet: { ...exchange, path: '/testing.v1.BenchStreamService/Greet' },
    countUp: {
      path: '/testing.v1.BenchStreamService/CountUp',
      requestStream: false,
      responseStream: true,
      requestSerialize: (/** @type {any} */ request) => Buffer.from(CountUpRequest.encode(request).finish()),
      requestDeserialize: (/** @type {Buffer} */ bytes) => CountUpRequest.decode(bytes),
      responseSerialize: (/** @type {any} */ reply) => Buffer.from(CountUpResponse.encode(reply).finish()),
      responseDeserialize: (/** @type {Buffer} */ bytes) => CountUpResponse.decode(bytes),
    },
  };
}

/**
 * The server's side of one stream.
 *
 * @param {ServerStream} stream
 * @param {typeof send} sendAll
 * @param {Set<ServerStream>} streams
 */
function serve(stream, sendAll, streams) {
  const counter = new Counter();
  streams.add(stream);
  stream.on('data', (/** @type {Envelope} */ { id, content }) => {
    switch (content?.$case) {
      case 'tick':
      case 'haul':
        return counter.add(content.value.value);
      case 'broadcast':
        return void broadcast(streams, content.value);
      case 'increment':
        return stream.write({ id, content: { $case: 'incremented', value: { value: content.value.value + 1 } } });
      case 'readTally':
        return stream.write({ id, content: { $case: 'tally', value: counter.take() } });
      case 'burst':
        return void sendAll(stream, content.value.count, (value) => ({
          id: 0,
          content: { $case: 'ticked', value: { value } },
        }));
    }
  });
  stream.on('end', () => {
    streams.delete(stream);
    stream.end();
  });
  stream.on('error', () => {});
}

/**
 * Sends so many messages to every stream, in bursts.
 *
 * @param {Set<ServerStream>} streams
 * @param {{ count: number, burst: number }} how
 */
async function broadcast(streams, { count, burst }) {
  for (let value = 0; value < count; value += burst) {
    await Promise.all(
      [...streams].map((stream) =>
        send(stream, burst, (i) => ({ id: 0, content: { $case: 'ticked', value: { value: value + i } } })),
      ),
    );
    await turn();
  }
}

/** Speaks first. @param {ServerStream} stream */
function greet(stream) {
  stream.write({ id: 0, content: { $case: 'ticked', value: { value: 1 } } });
  stream.on('end', () => stream.end());
  stream.on('error', () => {});
  stream.resume();
}

/** @param {import('@grpc/grpc-js').ServerWritableStream<{ count: number }, { value: number }>} stream */
async function countUp(stream) {
  for (let value = 0; value < stream.request.count; value++) {
    if (!stream.write({ value })) await once(stream, 'drain');
  }
  stream.end();
}

/**
 * The client's side of one stream: replies are paired with requests by number.
 *
 * @param {ClientStream} stream
 * @param {Counter} counter of what comes without a request
 */
function callsOver(stream, counter) {
  /** @type {Map<number, (reply: any) => void>} */
  const pending = new Map();
  let lastId = 0;
  stream.on('data', (/** @type {Envelope} */ { id, content }) => {
    if (content === undefined) return;
    if (content.$case === 'ticked') return counter.add(content.value.value);
    pending.get(id)?.(content.value);
    pending.delete(id);
  });
  stream.on('error', (error) => {
    throw error;
  });
  /**
   * Resolves with the content of the reply.
   *
   * @template Reply
   * @param {Content} content
   * @returns {Promise<Reply>}
   */
  const request = (content) =>
    new Promise((resolve) => {
      const id = ++lastId;
      pending.set(id, resolve);
      stream.write({ id, content });
    });
  return { request };
}

/**
 * Writes `count` messages and stops whenever the stream says so.
 *
 * @param {Stream} stream
 * @param {number} count
 * @param {(value: number) => Envelope} envelope
 */
export async function send(stream, count, envelope) {
  for (let value = 0; value < count; value++) {
    if (!stream.write(envelope(value))) await once(stream, 'drain');
  }
}
