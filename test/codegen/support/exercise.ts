import { connect, createHost, type MethodInfo } from 'grpc-duplex';
import { lastValueFrom, map, type Observable, of, toArray } from 'rxjs';
import type { Contract } from '../../../src/contract/contract.js';
import type { MessageCodec } from '../../../src/contract/message-codec.js';
import { unary } from '../../support/plain-call.js';

type Methods = Readonly<Record<string, (request: unknown, call?: unknown) => unknown>>;
type AnyMethods = Readonly<Record<string, never>>;

/** What was said about one method: what its handler was given, and what its caller got, all as lists. */
export interface Exchange {
  readonly method: string;
  readonly requests: readonly unknown[];
  readonly replies: readonly unknown[];
}

/** The message that is sent for a type. */
export type Sample = (codec: MessageCodec) => object;

/**
 * Calls every operation of a contract once over a host and a client, and every
 * callback; without a session where the contract has none. Streams carry two messages. Service and client may each have a
 * contract of their own, as long as it is the same.
 */
export async function exercise(
  service: Contract,
  client: Contract,
  sample: Sample,
): Promise<{ readonly operations: readonly Exchange[]; readonly callbacks: readonly Exchange[] }> {
  const heard = new Map<string, unknown[]>();
  const host = createHost();
  const sessions: { readonly callback: unknown }[] = [];
  host.add(
    service as Contract<AnyMethods, AnyMethods, unknown>,
    (session) => {
      sessions.push(session);
      return answers(service.operations, sample, heard) as never;
    },
    service.state && { initialState: sample(service.state) },
  );
  const { address } = await host.listen('localhost:0');
  const peer = connect(client as Contract<AnyMethods, AnyMethods, unknown>, address, {
    handler: answers(client.callbacks, sample, heard) as never,
  });
  try {
    const isPlain = client.session === 'not-allowed';
    if (!isPlain) await peer.open();
    const proxy = isPlain ? plainly(client, address) : (peer.service as Methods);
    const ofOperations = await callAll(proxy, client.operations, sample);
    const [session] = sessions;
    const ofCallbacks = session ? await callAll(session.callback as Methods, service.callbacks, sample) : [];
    await peer.close();
    const complete = (exchanges: readonly Omit<Exchange, 'requests'>[], methods: readonly MethodInfo[]) =>
      exchanges.map((exchange, index) => ({ ...exchange, requests: heard.get(keyOf(methods[index])) ?? [] }));
    return {
      operations: complete(ofOperations, client.operations),
      callbacks: complete(ofCallbacks, service.callbacks),
    };
  } finally {
    peer.abort();
    await host.stop();
  }
}

/** Calls the rpcs of a contract as a client does that knows of no sessions. */
function plainly({ name: contract, operations }: Contract, address: string): Methods {
  return Object.fromEntries(
    operations.map(({ name, localName, request, reply }) => [
      localName,
      async (init: unknown) => {
        const message = request.encode(request.fromPartial(init as object)).finish();
        return reply?.decode(await unary(address, `/${contract}/${name}`, message));
      },
    ]),
  );
}

async function callAll(
  proxy: Methods,
  methods: readonly MethodInfo[],
  sample: Sample,
): Promise<readonly Omit<Exchange, 'requests'>[]> {
  const exchanges: Omit<Exchange, 'requests'>[] = [];
  for (const { localName, shape, request } of methods) {
    const one = sample(request);
    const sent = shape === 'request-stream' || shape === 'both-streams' ? of(one, one) : one;
    const result = proxy[localName]?.(sent);
    const streams = shape === 'reply-stream' || shape === 'both-streams';
    const reply = streams ? await lastValueFrom((result as Observable<unknown>).pipe(toArray())) : [await result];
    exchanges.push({ method: localName, replies: shape === 'one-way' ? [] : reply });
  }
  return exchanges;
}

function answers(methods: readonly MethodInfo[], sample: Sample, heard: Map<string, unknown[]>): Methods {
  return Object.fromEntries(methods.map((method) => [method.localName, answer(method, sample, heard)]));
}

function answer(method: MethodInfo, sample: Sample, heard: Map<string, unknown[]>): (request: unknown) => unknown {
  const { reply, shape } = method;
  const requests: unknown[] = [];
  heard.set(keyOf(method), requests);
  const one = reply && sample(reply);
  return (request) => {
    if (shape === 'both-streams') {
      return (request as Observable<unknown>).pipe(
        map((item) => {
          requests.push(item);
          return one;
        }),
      );
    }
    if (shape === 'request-stream') {
      return lastValueFrom((request as Observable<unknown>).pipe(toArray())).then((items) => {
        requests.push(...items);
        return one;
      });
    }
    requests.push(request);
    return shape === 'one-way' ? undefined : shape === 'reply-stream' ? of(one, one) : one;
  };
}

/** Numbers are unique within a contract, names are not. */
function keyOf(method: MethodInfo | undefined): string {
  return `${method?.number}`;
}
