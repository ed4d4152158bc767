import { type Authenticate, createHost, type ListenOptions, type MethodInfo, type Principal } from 'grpc-duplex';
import { ConfirmRequest, ConfirmResponse, NotedRequest } from '../../support/gen/testing/v1/everything.js';
import { Everything } from '../../support/gen/testing/v1/everything_duplex.js';
import type { Case } from './cases.js';
import { operations } from './operations.js';

/** A service that is listening. */
export interface Serving {
  readonly port: number;
  /** How the session ended, as the service sees it; there is one session a case. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** Serves `Everything` for one case. `cut` breaks the client's connection. */
export async function serve(kind: Case['service'], listen: ListenOptions, cut: () => void): Promise<Serving> {
  const host = createHost({ onError: () => {}, ...(kind === 'guarded' && { authenticate: byToken }) });
  const session = new Promise<Everything.Session>((opened) => {
    host.add(contracts[kind], (session) => {
      opened(session);
      return operations(session, {
        cut,
        leave: kind === 'leaving' ? async () => void (await host.stop()) : undefined,
      });
    });
  });
  const { port } = await host.listen('localhost:0', listen);
  return {
    port,
    ended: session.then(({ closed }) => closed).then(({ kind }) => kind),
    stop: async () => void (await host.stop()),
  };
}

const byToken: Authenticate<Principal> = ({ headers }) =>
  headers.get('authorization') === 'Bearer good' ? { id: 'somebody' } : undefined;

/** A contract is plain data: a version of it that is older or newer than the clients' needs no proto of its own. */
const contracts: Readonly<Record<Case['service'], typeof Everything>> = {
  usual: Everything,
  guarded: Everything,
  leaving: Everything,
  older: {
    ...Everything,
    operations: Everything.operations.filter(({ name }) => name !== 'Chat' && name !== 'Divide'),
  },
  newer: {
    ...Everything,
    callbacks: [
      ...Everything.callbacks,
      newCallback({ name: 'Hint', localName: 'hint', number: 150, shape: 'one-way', request: NotedRequest }),
      newCallback({
        name: 'Whisper',
        localName: 'whisper',
        number: 151,
        shape: 'request-reply',
        request: ConfirmRequest,
        reply: ConfirmResponse,
      }),
    ],
  },
};

type NewCallback = Pick<MethodInfo, 'name' | 'localName' | 'number' | 'shape' | 'request'> & Partial<MethodInfo>;

function newCallback(method: NewCallback): MethodInfo {
  const { operations } = Everything;
  const [usual] = operations;
  if (usual === undefined) throw new Error('the contract has no operations');
  return { ...usual, reply: undefined, ...method };
}
