// @ts-check
import { once } from 'node:events';
import grpc from '@grpc/grpc-js';
import { importContract } from '../contract.mjs';
import { Counter } from '../tally.mjs';

/**
 * @typedef {import('../contract.mjs').BenchEnvelope} Envelope
 * @typedef {NonNullable<Envelope['content']>} Content
 * @typedef {import('@grpc/grpc-js').ClientDuplexStream<Envelope, Envelope>} ClientStream
 * @typedef {import('@grpc/grpc-js').ServerDuplexStream<Envelope, Envelope>} ServerStream
 * @typedef {ClientStream | ServerStream} Stream
 */

/** A bidirectional stream of grpc-js as its users write it: one message per envelope, `drain` awaited when `write` asks for it. */
export default streamPeer('grpc-js', send);

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
      server.addService(await serviceDefinition(), {
        connect: (/** @type {ServerStream} */ stream) => serve(stream, sendAll),
      });
      const port = await new Promise((resolve, reject) => {
        server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
          error ? reject(error) : resolve(bound),
        );
      });
      return `127.0.0.1:${port}`;
    },
    async client(address) {
      const Client = grpc.makeGenericClientConstructor(await serviceDefinition(), 'BenchStream');
      const client = new Client(address, grpc.credentials.createInsecure(), channelOptions);
      /** @type {ClientStream} */
      const stream = client['connect']?.();
      const { counter, request } = callsOver(stream);
      await request({ $case: 'readTally', value: {} });
      return {
        async sendTicks(count) {
          await sendAll(stream, count, (value) => ({ id: 0, content: { $case: 'tick', value: { value } } }));
          return request({ $case: 'readTally', value: {} });
        },
        receiveTicks: (count) =>
          counter.expect(count, () => stream.write({ id: 0, content: { $case: 'burst', value: { count } } })),
        increment: (value) => request({ $case: 'increment', value: { value } }),
        close() {
          stream.end();
          client.close();
        },
      };
    },
  };
}

async function serviceDefinition() {
  const { BenchEnvelope } = await importContract();
  const serialize = (/** @type {Envelope} */ envelope) => Buffer.from(BenchEnvelope.encode(envelope).finish());
  const deserialize = (/** @type {Buffer} */ bytes) => BenchEnvelope.decode(bytes);
  return {
    connect: {
      path: '/testing.v1.BenchStreamService/Connect',
      requestStream: true,
      responseStream: true,
      requestSerialize: serialize,
      requestDeserialize: deserialize,
      responseSerialize: serialize,
      responseDeserialize: deserialize,
    },
  };
}

/**
 * The server's side of one stream.
 *
 * @param {ServerStream} stream
 * @param {typeof send} sendAll
 */
function serve(stream, sendAll) {
  const counter = new Counter();
  stream.on('data', (/** @type {Envelope} */ { id, content }) => {
    switch (content?.$case) {
      case 'tick':
        return counter.add(content.value.value);
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
  stream.on('end', () => stream.end());
  stream.on('error', () => {});
}

/**
 * The client's side of one stream: replies are paired with requests by number.
 *
 * @param {ClientStream} stream
 */
function callsOver(stream) {
  const counter = new Counter();
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
  return { counter, request };
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
