import type { Call, DuplexClient, MessageStream, ServiceSession } from 'grpc-duplex';
import { connect, createHost, Fault } from 'grpc-duplex';
import type { Observable } from 'rxjs';
import { describe, expectTypeOf, it } from 'vitest';
import {
  type ConfirmRequest,
  type CountResponse,
  DivideByZero,
  type EchoRequest,
  type EchoResponse,
  type NotedRequest,
  type NoteRequest,
  type SumRequest,
} from '../support/gen/testing/v1/everything.js';
import { Everything } from '../support/gen/testing/v1/everything_duplex.js';
import { Other } from '../support/gen/testing/v1/other_duplex.js';

// The compiler checks this file. What runs here does nothing: no call is made, nothing is dialled.
const nothing = (): void => {};

/** Every handler of the contract; spread it and replace one to check that one. */
declare const all: Everything.Handler;

describe('what the compiler knows of a service', () => {
  it('knows by its instancing whether what makes its objects is given a session', () => {
    const add = (): void => {
      const host = createHost();
      host.add(
        Everything,
        (...of) => {
          expectTypeOf(of).toEqualTypeOf<[]>();
          return all;
        },
        { instancing: 'single' },
      );
      for (const instancing of ['per-session', 'per-call'] as const) {
        host.add(
          Everything,
          (session) => {
            expectTypeOf(session).toExtend<Everything.Session>();
            return all;
          },
          { instancing },
        );
      }
      // One that needs no session fits everywhere, also where only the running program knows.
      const make = (): Everything.Handler => all;
      for (const instancing of ['per-session', 'single'] as const) host.add(Everything, make, { instancing });
      const { sessions } = host.add(Everything, make, { initialState: { counter: 1n } });
      expectTypeOf(sessions.get('')?.state.value.counter).toEqualTypeOf<bigint | undefined>();
    };
    expectTypeOf(add).toBeFunction();
  });

  it('knows the principal of its sessions by what authenticates them', () => {
    const add = (): void => {
      const authenticate = async () => ({ id: 'ann', roles: ['admin'] });
      const host = createHost({
        authenticate,
        authorize: ({ principal }) => principal.roles.includes('admin'),
      });
      const service = host.add(Everything, (session) => {
        expectTypeOf(session.principal).toEqualTypeOf<{ id: string; roles: string[] }>();
        return {
          ...all,
          note(_, call) {
            expectTypeOf(call.session.principal.roles).toEqualTypeOf<string[]>();
          },
        };
      });
      for (const session of service.sessions.values()) expectTypeOf(session.principal.id).toEqualTypeOf<string>();
      host.add(Everything, () => all);
      // @ts-expect-error: a principal has an id
      createHost({ authenticate: () => ({ name: 'ann' }) });
    };
    nothing();
    void add;
  });

  it('gives the parameters of a literal their types', () => {
    const add = (): void => {
      createHost().add(Everything, (session) => {
        expectTypeOf(session).toEqualTypeOf<ServiceSession<Everything.Callbacks, Everything.State, undefined>>();
        expectTypeOf(session).toExtend<Everything.Session>();
        return {
          ...all,
          note(request, call) {
            expectTypeOf(request).toEqualTypeOf<NoteRequest>();
            expectTypeOf(call).toExtend<Call<Everything.Session>>();
            expectTypeOf(call.session.callback.noted).toBeFunction();
          },
          echo: ({ text, tags, payload }) => ({ text, tags, payload }),
          sum(values) {
            expectTypeOf(values).toEqualTypeOf<MessageStream<SumRequest>>();
            return {};
          },
        };
      });
    };
    expectTypeOf(add).toBeFunction();
  });

  it('lets handlers answer at once or later, with what has defaults left out', () => {
    const handlers = (): readonly Everything.Handler[] => [
      { ...all, echo: () => ({}) },
      { ...all, echo: async () => ({ text: 'a' }) },
      { ...all, count: () => [{ value: 1 }, {}] },
    ];
    expectTypeOf(handlers).toBeFunction();
  });

  it('refuses handlers that are missing, misspelt or of another kind', () => {
    const wrong = (): void => {
      const host = createHost();
      // @ts-expect-error operations are missing
      host.add(Other, () => ({}));
      // @ts-expect-error the reply has no such field
      host.add(Other, () => ({ repeat: () => ({ txet: 'a' }) }));
      // @ts-expect-error the field is a text
      host.add(Other, () => ({ repeat: () => ({ text: 5 }) }));
      // @ts-expect-error a reply is required
      host.add(Other, () => ({ repeat: nothing }));
      // @ts-expect-error the handler is no function
      host.add(Other, () => ({ repeat: 'a' }));
      host.add(Other, () => ({ repeat: ({ text }) => ({ text }) }));
      // @ts-expect-error the state has no such field
      host.add(Everything, () => all, { initialState: { conuter: 1 } });
    };
    expectTypeOf(wrong).toBeFunction();
  });

  it('lets a class implement it', () => {
    class Service implements Other.Handler {
      repeat({ text }: { text: string }): { text: string } {
        return { text };
      }
      [Symbol.dispose](): void {}
    }
    const add = (): unknown => createHost().add(Other, () => new Service());
    expectTypeOf(add).toBeFunction();
  });

  it('makes the state readonly, at any depth', () => {
    type State = Everything.Session['state']['value'];
    expectTypeOf<State>().toEqualTypeOf<Readonly<Everything.State>>();
    const change = (session: Everything.Session): void => {
      // @ts-expect-error a state is replaced, not changed
      session.state.value.last = 'x';
      session.state.update(({ last }) => ({ last: `${last}x` }));
      // @ts-expect-error the state has no such field
      session.state.update(() => ({ lats: 'x' }));
      // @ts-expect-error the field is a text
      session.state.set({ last: 5 });
    };
    expectTypeOf(change).toBeFunction();
  });
});

describe('what the compiler knows of a client', () => {
  type Client = Everything.Client;
  type Service = Client['service'];

  it("is the contract's own name for it", () => {
    expectTypeOf(() => connect(Everything, 'localhost:1')).returns.toEqualTypeOf<Client>();
    expectTypeOf<Client>().toEqualTypeOf<DuplexClient<Everything.Operations, Everything.Callbacks, Everything.State>>();
  });

  it('gives each operation the parameters and the result of its shape', () => {
    expectTypeOf<{ index: number }>().toExtend<Parameters<Service['note']>[0]>();
    expectTypeOf<undefined>().toExtend<Parameters<Service['note']>[0]>();
    expectTypeOf<ReturnType<Service['note']>>().toEqualTypeOf<PromiseLike<void>>();
    expectTypeOf<ReturnType<Service['echo']>>().toEqualTypeOf<Promise<EchoResponse>>();
    expectTypeOf<ReturnType<Service['count']>>().toEqualTypeOf<MessageStream<CountResponse>>();
    expectTypeOf<Awaited<ReturnType<Service['sum']>>>().toHaveProperty('sum');
    expectTypeOf<keyof Service>().toEqualTypeOf<keyof Everything.Operations>();
  });

  it('lets requests leave out what has a default, and nothing else', () => {
    const calls = ({ service }: Client): void => {
      service.note();
      service.note({});
      service.note({ index: 1 });
      void service.echo({ tags: ['a'] }, { timeoutMs: 5, signal: new AbortController().signal });
      // @ts-expect-error the field is a number
      service.note({ index: '1' });
      // @ts-expect-error there is no such field
      service.note({ idx: 1 });
      // @ts-expect-error there is no such option
      void service.echo({}, { timeout: 5 });
      // @ts-expect-error a stream of requests is required
      void service.sum();
      // @ts-expect-error there is no such operation
      service.noted({});
      // @ts-expect-error proxies are readonly
      service.note = nothing;
    };
    expectTypeOf(calls).toBeFunction();
    expectTypeOf<EchoRequest>().toHaveProperty('delayMs');
  });

  it('names an observable after each callback', () => {
    type Callbacks = Client['callbacks'];
    expectTypeOf<Callbacks['noted$']>().toEqualTypeOf<Observable<NotedRequest>>();
    expectTypeOf<Callbacks['confirm$']>().toEqualTypeOf<Observable<ConfirmRequest>>();
    // @ts-expect-error there is no such callback
    expectTypeOf<Callbacks['echo$']>().toBeAny();
  });

  it('tells the events of `callback$` apart by their names', () => {
    const watch = (client: Client): void => {
      client.callback$.subscribe((event) => {
        if (event.name === 'noted') expectTypeOf(event.request).toEqualTypeOf<NotedRequest>();
        if (event.name === 'confirm') expectTypeOf(event.request).toEqualTypeOf<ConfirmRequest>();
        // @ts-expect-error there is no such callback
        if (event.name === 'echo') nothing();
      });
    };
    expectTypeOf(watch).toBeFunction();
  });

  it('gives the handlers of callbacks their types, some or all of them', () => {
    const handle = (): void => {
      connect(Everything, 'localhost:1', {
        handler: {
          noted({ index, text }) {
            expectTypeOf(index).toBeNumber();
            expectTypeOf(text).toBeString();
          },
          confirm: async ({ question }, { signal }) => ({ ok: !signal.aborted, answer: question }),
        },
      });
      // @ts-expect-error there is no such callback
      connect(Everything, 'localhost:1', { handler: { note: nothing } });
      // @ts-expect-error an answer is required
      connect(Everything, 'localhost:1', { handler: { confirm: nothing } });
    };
    expectTypeOf(handle).toBeFunction();
  });

  it('makes the state readonly', () => {
    const read = ({ state }: Client): void => {
      // @ts-expect-error the state is the service's
      if (state !== undefined) state.last = 'x';
    };
    expectTypeOf(read).toBeFunction();
    expectTypeOf<Client['status']>().toEqualTypeOf<
      'created' | 'opening' | 'opened' | 'resuming' | 'closing' | 'closed' | 'faulted'
    >();
  });

  it('has no callbacks where the contract has none', () => {
    expectTypeOf<keyof Other.Client['callbacks']>().toEqualTypeOf<never>();
  });
});

describe('what the compiler knows of faults', () => {
  it('takes generated messages as details, and gives them back typed', () => {
    const fault = (): Fault => new Fault(3, 'the divisor is 0', [[DivideByZero, { dividend: 1 }]]);
    const detail = (error: Fault): DivideByZero | undefined => error.detail(DivideByZero);
    expectTypeOf(fault).returns.toEqualTypeOf<Fault>();
    expectTypeOf(detail).returns.toEqualTypeOf<DivideByZero | undefined>();
  });
});
