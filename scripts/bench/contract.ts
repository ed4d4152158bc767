import type { Contract, OneWay, RequestReply } from 'grpc-duplex';
import { defineContract } from 'grpc-duplex/codegen/v1';
import {
  BurstRequest,
  EchoRequest,
  EchoResponse,
  ReadTallyRequest,
  ReadTallyResponse,
  TickedRequest,
  TickRequest,
} from './gen/messages.js';

export { StreamEnvelope, TickRequest } from './gen/messages.js';

interface Operations {
  tick: OneWay<TickRequest>;
  burst: OneWay<BurstRequest>;
  readTally: RequestReply<ReadTallyRequest, ReadTallyResponse>;
  echo: RequestReply<EchoRequest, EchoResponse>;
}

interface Callbacks {
  ticked: OneWay<TickedRequest>;
}

const oneWay = { shape: 'one-way' } as const;
const requestReply = { shape: 'request-reply' } as const;

/** The contract that our side of every case uses. */
export const Bench: Contract<Operations, Callbacks, undefined> = defineContract({
  name: 'testing.v1.BenchService',
  wireName: 'testing.v1.BenchDuplexService',
  callbackName: 'testing.v1.BenchCallbackService',
  operations: {
    tick: { name: 'Tick', number: 100, ...oneWay, request: TickRequest },
    burst: { name: 'Burst', number: 101, ...oneWay, request: BurstRequest },
    readTally: { name: 'ReadTally', number: 102, ...requestReply, request: ReadTallyRequest, reply: ReadTallyResponse },
    echo: { name: 'Echo', number: 103, ...requestReply, request: EchoRequest, reply: EchoResponse },
  },
  callbacks: {
    ticked: { name: 'Ticked', number: 104, ...oneWay, request: TickedRequest },
  },
});
