import { connect, createHost, type DuplexClient, type ServiceSession } from 'grpc-duplex';
import type { Contract, MethodInfo } from '../../../src/contract/contract.js';

/** The message of all methods. */
export interface Note {
  readonly text: string;
}

/** The methods of one direction, by local name. */
export type Methods = Readonly<Record<string, (request?: Partial<Note>) => Promise<Note>>>;

type Loose = Readonly<Record<string, never>>;

/** A client of one version of a contract and a service of another, over gRPC. */
export interface Pair {
  readonly peer: DuplexClient<Loose, Loose, undefined>;
  readonly service: Methods;
  readonly callback: Methods;
  /** The local names of the methods that were handled, in order, on either side. */
  readonly handled: readonly string[];
  end(): Promise<void>;
}

/** Opens a pair; every method answers with its own name in front of what it is told. */
export async function openPair(ofClient: Contract, ofService: Contract): Promise<Pair> {
  const handled: string[] = [];
  const host = createHost();
  let opened: (session: ServiceSession<Loose, undefined>) => void = () => {};
  const session = new Promise<ServiceSession<Loose, undefined>>((resolve) => {
    opened = resolve;
  });
  host.add(ofService as Contract<Loose, Loose, undefined>, (session) => {
    opened(session);
    return answers(ofService.operations, handled);
  });
  const { address } = await host.listen('localhost:0');
  const peer = connect(ofClient as Contract<Loose, Loose, undefined>, address, {
    handler: answers(ofClient.callbacks, handled),
    onError: () => {},
  });
  await peer.open();
  return {
    ...{ peer, handled, service: peer.service as unknown as Methods },
    callback: (await session).callback as unknown as Methods,
    async end() {
      peer.abort();
      await host.stop();
    },
  };
}

function answers(methods: readonly MethodInfo[], handled: string[]): never {
  const handlers = methods.map(({ localName }) => [
    localName,
    ({ text }: Note) => {
      handled.push(localName);
      return { text: `${localName} ${text}` };
    },
  ]);
  return Object.fromEntries(handlers) as never;
}
