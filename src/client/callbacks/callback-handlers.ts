import type { IncomingCall } from '../../calls/incoming/call.js';
import { aFunction, anObject, badOption } from '../../calls/resolve-options.js';
import { Subscription } from '../../calls/rx.js';
import { type MethodInfo, streamsRequests } from '../../contract/contract.js';
import { Code, DuplexError, Fault } from '../../errors.js';
import type { CallbackHub } from './callback-hub.js';

type Handle = (request: unknown, call: unknown) => unknown;

/** Who answers which callback, and what happens when one comes. */
export class CallbackHandlers {
  readonly #handlers = new Map<MethodInfo, { readonly handle: Handle }>();
  readonly #methods: readonly MethodInfo[];
  readonly #hub: CallbackHub;
  readonly #report: (error: DuplexError, method: MethodInfo) => void;

  /** `report` hears of what handlers throw that get callbacks late. */
  constructor(
    methods: readonly MethodInfo[],
    hub: CallbackHub,
    report: (error: DuplexError, method: MethodInfo) => void,
  ) {
    this.#methods = methods;
    this.#hub = hub;
    this.#report = report;
  }

  /**
   * Registers the functions of `handler`, all or none: throws ALREADY_EXISTS if
   * a callback has a handler, INVALID_ARGUMENT for what can be none.
   */
  add(handler: object): Subscription {
    const subscription = new Subscription();
    const handles = this.#checked(handler);
    const answered = this.#methods.filter(({ localName }) => handles[localName] !== undefined);
    const taken = answered.find((method) => this.#handlers.has(method));
    if (taken !== undefined) {
      const name = taken.localName;
      const message = `the callback ${name} has a handler already: handlers answer, so there is one; subscribe to ${name}$ to watch`;
      throw new DuplexError('fault', message, { code: Code.ALREADY_EXISTS });
    }
    for (const method of answered) {
      const handle = handles[method.localName] as Handle;
      subscription.add(this.#add(method, handle.bind(handler)));
    }
    return subscription;
  }

  /** A misspelt handler would never be called, and its callback go to nobody. */
  #checked(handler: object): Readonly<Record<string, unknown>> {
    if (!anObject.fits(handler)) throw badOption('handler', handler, 'an object with a function for each callback');
    const handles = handler as Readonly<Record<string, unknown>>;
    const names = this.#methods.map(({ localName }) => localName);
    for (const name of names) {
      const handle = handles[name];
      if (handle !== undefined && !aFunction.fits(handle)) throw badOption(`handler.${name}`, handle, aFunction.what);
    }
    // An object of a class has what it likes beside; one that is written for this has nothing else.
    const isLiteral = Object.getPrototypeOf(handler) === Object.prototype;
    const stray = isLiteral
      ? Object.keys(handles).find((name) => aFunction.fits(handles[name]) && !names.includes(name))
      : undefined;
    if (stray !== undefined)
      throw badOption(`handler.${stray}`, handles[stray], `a callback's name: ${names.join(', ') || 'there are none'}`);
    return handles;
  }

  /** Tells of a one-way callback that only observables want, which need no call for it; false if there is more to do. */
  tell(method: MethodInfo, request: unknown): boolean {
    return (this.#handlers.size === 0 || !this.#handlers.has(method)) && this.#hub.tell(method, request);
  }

  /** A callback came: observables and loops see it, its handler answers it. May throw. */
  invoke(method: MethodInfo, request: unknown, call: IncomingCall<unknown>): unknown {
    const handler = this.#handlers.get(method);
    const room = this.#show(method, request, call);
    if (handler === undefined && method.shape !== 'one-way') {
      const message = `the client has no handler for the callback ${method.localName}`;
      throw new Fault(Code.UNIMPLEMENTED, message, [], { executed: 'no' });
    }
    const answer = handler?.handle(request, call);
    // While it waits it counts as running: so a loop that is slow fills the window, and slows the service down.
    return room === undefined ? answer : Promise.all([answer, room]).then(([reply]) => reply);
  }

  /** What streams is the handler's alone. */
  #show(method: MethodInfo, request: unknown, call: IncomingCall<unknown>): Promise<unknown> | undefined {
    if (method.shape === 'one-way') return this.#hub.next(method, request, call);
    return streamsRequests(method) ? undefined : this.#hub.watch(method, request);
  }

  #add(method: MethodInfo, handle: Handle): () => void {
    const entry = { handle };
    this.#handlers.set(method, entry);
    for (const { request, call } of this.#hub.claim([method])) {
      try {
        Promise.resolve(handle(request, call)).catch((error: unknown) => this.#report(DuplexError.from(error), method));
      } catch (error) {
        this.#report(DuplexError.from(error), method);
      }
    }
    return () => {
      if (this.#handlers.get(method) === entry) this.#handlers.delete(method);
    };
  }
}
