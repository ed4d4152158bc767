// @ts-check
import { once } from 'node:events';
import net from 'node:net';
import { importMessages } from './parts/contract.mjs';
import { installPackages, requirePackage } from './parts/packages.mjs';
import { Counter } from './parts/tally.mjs';

/** Items that a receiver asks for in advance; whenever half of them are there it asks for as many again. */
const CREDIT = 256;
/** What a message of nothing but defaults arrives as is null. */
const NO_BYTES = Buffer.alloc(0);

/**
 * @typedef {import('../types.js').Tally} Tally
 * @typedef {{ data: Buffer | null }} Payload
 * @typedef {{ onSubscribe(subscription: Subscription): void, onNext(item: Payload): void, onComplete(): void }} Subscriber
 * @typedef {{ request(count: number): void, cancel(): void }} Subscription
 * @typedef {{ subscribe(subscriber: object): void }} Flowable
 */

/**
 * RSocket over TCP: channels, streams and single requests, with its own credit
 * as backpressure and protobuf messages as data.
 *
 * @type {import('../types.js').Peer}
 */
export default {
  name: 'rsocket',
  abilities: ['sendTicks', 'receiveTicks', 'increment'],
  prepare: installPackages,
  async server() {
    const { RSocketServer, BufferEncoders } = requirePackage('rsocket-core');
    const { Single } = requirePackage('rsocket-flowable');
    const { default: RSocketTcpServer } = requirePackage('rsocket-tcp-server');
    const { BurstRequest, IncrementRequest, IncrementResponse, ReadTallyResponse } = await importMessages();
    const sent = await ticks();
    const handlers = {
      requestChannel: (/** @type {Flowable} */ items) =>
        flowable((subscriber) => ({
          async request() {
            subscriber.onNext(payload(ReadTallyResponse, await readAll(items)));
            subscriber.onComplete();
          },
          cancel() {},
        })),
      requestStream: (/** @type {Payload} */ { data }) => sent(BurstRequest.decode(data ?? NO_BYTES).count),
      requestResponse: (/** @type {Payload} */ { data }) =>
        Single.of(payload(IncrementResponse, { value: IncrementRequest.decode(data ?? NO_BYTES).value + 1 })),
    };
    const server = net.createServer({ noDelay: true });
    const serverFactory = (/** @type {(socket: net.Socket) => void} */ listener) => server.on('connection', listener);
    const transport = new RSocketTcpServer({ serverFactory, host: '127.0.0.1', port: 0 }, BufferEncoders);
    new RSocketServer({ getRequestHandler: () => handlers, transport }).start();
    await once(server, 'listening');
    return `${/** @type {net.AddressInfo} */ (server.address()).port}`;
  },
  async client(address) {
    const { RSocketClient, BufferEncoders } = requirePackage('rsocket-core');
    const { default: RSocketTcpClient } = requirePackage('rsocket-tcp-client');
    const { BurstRequest, IncrementRequest, IncrementResponse, ReadTallyResponse } = await importMessages();
    const sent = await ticks();
    const binary = 'application/octet-stream';
    const where = { host: '127.0.0.1', port: Number(address), noDelay: true };
    const client = new RSocketClient({
      setup: { keepAlive: 60_000, lifetime: 180_000, dataMimeType: binary, metadataMimeType: binary },
      transport: new RSocketTcpClient(where, BufferEncoders),
    });
    const socket = await client.connect();
    return {
      sendTicks: (count) =>
        new Promise((resolve, reject) => {
          socket.requestChannel(sent(count)).subscribe({
            onSubscribe: (/** @type {Subscription} */ subscription) => subscription.request(1),
            onNext: (/** @type {Payload} */ { data }) => resolve(ReadTallyResponse.decode(data ?? NO_BYTES)),
            onError: reject,
          });
        }),
      receiveTicks: (count) => readAll(socket.requestStream(payload(BurstRequest, { count }))),
      async increment(value) {
        const { data } = await socket.requestResponse(payload(IncrementRequest, { value }));
        return IncrementResponse.decode(data ?? NO_BYTES);
      },
      close: () => client.close(),
    };
  },
};

/** @param {import('grpc-duplex').MessageCodec<any>} codec @param {object} message @returns {Payload} */
function payload(codec, message) {
  return { data: Buffer.from(codec.encode(message).finish()) };
}

/** @param {(subscriber: Subscriber) => Subscription} subscribe @returns {Flowable} */
function flowable(subscribe) {
  const { Flowable } = requirePackage('rsocket-flowable');
  return new Flowable((/** @type {Subscriber} */ subscriber) => subscriber.onSubscribe(subscribe(subscriber)));
}

/** Makes streams of so many one-way messages, which are sent as they are asked for. */
async function ticks() {
  const { TickRequest } = await importMessages();
  return (/** @type {number} */ count) =>
    flowable((subscriber) => {
      let value = 0;
      let isCancelled = false;
      return {
        request(asked) {
          for (let i = 0; i < asked && value < count && !isCancelled; i++) {
            subscriber.onNext(payload(TickRequest, { value: value++ }));
          }
          if (value === count) subscriber.onComplete();
        },
        cancel() {
          isCancelled = true;
        },
      };
    });
}

/** @param {Flowable} items @returns {Promise<Tally>} */
async function readAll(items) {
  const { TickRequest } = await importMessages();
  const counter = new Counter();
  return new Promise((resolve, reject) => {
    /** @type {Subscription} */
    let subscription;
    let due = CREDIT;
    items.subscribe({
      onSubscribe(/** @type {Subscription} */ given) {
        subscription = given;
        given.request(CREDIT);
      },
      onNext(/** @type {Payload} */ { data }) {
        counter.add(TickRequest.decode(data ?? NO_BYTES).value);
        due -= 1;
        if (due > CREDIT / 2) return;
        due += CREDIT / 2;
        subscription.request(CREDIT / 2);
      },
      onError: reject,
      onComplete: () => resolve(counter.take()),
    });
  });
}
