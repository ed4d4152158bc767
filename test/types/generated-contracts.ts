// Compiled, never run: what the types of a generated contract promise to its users.
import {
  type Call,
  connect,
  createHost,
  type DeepReadonly,
  type DuplexClient,
  Fault,
  type Init,
  type Sent,
  type ServiceSession,
} from 'grpc-duplex';
import type { Observable, ObservableInput } from 'rxjs';
import { type DynamicMethods, loadContract } from '../../src/codegen/load-contract.js';
import type { PlainMessage } from '../../src/contract/from-descriptors.js';
import { DivideByZero, type EchoRequest, type EchoResponse } from '../support/gen/testing/v1/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Expect<Condition extends true> = Condition;

declare const client: Everything.Client;
declare const session: Everything.Session;

// Proxies: one member for each operation, by shape.
type Service = typeof client.service;
export type Proxies = [
  Expect<Equal<ReturnType<Service['note']>, Sent>>,
  Expect<Equal<ReturnType<Service['echo']>, Promise<EchoResponse>>>,
  Expect<Equal<Parameters<Service['echo']>[0], Init<EchoRequest> | undefined>>,
  Expect<ReturnType<Service['count']> extends Observable<{ value: number }> ? true : false>,
  Expect<Parameters<Service['sum']>[0] extends ObservableInput<unknown> ? true : false>,
  Expect<Equal<keyof Service, keyof Everything.Operations>>,
];

// The contract's names are those of the library's own types.
export type Names = [
  Expect<Equal<Everything.Client, DuplexClient<Everything.Operations, Everything.Callbacks, Everything.State>>>,
  Expect<Equal<Everything.Session, ServiceSession<Everything.Callbacks, Everything.State>>>,
  Expect<Equal<typeof client.state, DeepReadonly<Everything.State> | undefined>>,
];

// Init shapes: everything may be left out, nothing may be misspelt or of another type.
void client.service.echo();
void client.service.echo({});
void client.service.echo({ text: 'here' }, { timeoutMs: 1_000 });
// @ts-expect-error a field of another type
void client.service.echo({ text: 1 });
// @ts-expect-error a field that is not there
void client.service.echo({ test: 'here' });
// @ts-expect-error an operation that is not there
void client.service.ecco({});
// @ts-expect-error a one-way call has no options: nothing is waited for
void client.service.note({}, { timeoutMs: 1_000 });

// Callbacks: an observable each for the client, a member each for the service.
client.callbacks.noted$.subscribe((request) => void (request satisfies object));
// @ts-expect-error a callback that is not there
client.callbacks.nothing$;
void session.callback.confirm({}).then((reply) => void (reply satisfies object));
// @ts-expect-error the service calls back; it does not call itself
void session.callback.echo;

// State is read deeply, and changed as a whole or by its fields.
session.state.update(() => ({}));
session.state.set({});
// @ts-expect-error what is read is not written
session.state.value.last = '';
// @ts-expect-error a field that is not there
session.state.set({ nothing: 1 });

// Faults carry messages of any codec.
export const fault = new Fault(3, 'no', [[DivideByZero, {}]]);

// A class or a literal serves; parameters of a literal need no types.
export abstract class Service1 implements Pick<Everything.Handler, 'echo' | 'note'> {
  echo({ text }: EchoRequest, call: Call<Everything.Session>): Init<EchoResponse> {
    call.session.callback.noted({});
    return { text };
  }
  abstract note(): void;
}
declare const rest: Omit<Everything.Handler, 'echo' | 'count'>;
createHost().add(Everything, (session) => ({
  ...rest,
  echo: ({ text }) => ({ text: text.toUpperCase() }),
  async *count({ count }, call) {
    for (let value = 0; value < count && !call.signal.aborted; value++) yield { value };
    session.callback.noted();
  },
}));
// @ts-expect-error most operations are missing
createHost().add(Everything, () => ({ echo: () => ({}) }));
// @ts-expect-error a reply of another type
createHost().add(Everything, () => ({ ...rest, count: () => [], echo: () => 'text' }));

// A handler of callbacks may leave some out.
connect(Everything, 'localhost:1', { handler: { confirm: async () => ({}) } });
// @ts-expect-error a reply of another type
connect(Everything, 'localhost:1', { handler: { confirm: () => 1 } });

// A contract without types is a map of methods, whose messages are plain objects.
const loaded = await loadContract('calculator.proto', 'calculator.v1.CalculatorService');
const dynamic: DuplexClient<DynamicMethods, DynamicMethods, PlainMessage> = connect(loaded, 'localhost:1');
void dynamic.service['addTo']?.({ n: 1 } as never);
