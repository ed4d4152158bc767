import { Observable, Subscription } from 'rxjs';
import type { IncomingCall } from '../calls/call.js';
import type { MethodProxy } from '../calls/method-types.js';
import { Peer, type PeerOwner } from '../calls/peer.js';
import { createProxy } from '../calls/proxy.js';
import type { Contract, MethodInfo } from '../contract/contract.js';
import type { DeepReadonly } from '../contract/message-codec.js';
import { Code, DuplexError, Fault } from '../errors.js';
import { errorOf, isOrderly, orderlyEnd, type SessionEnd } from '../session/session-end.js';
import { defaultTerms } from '../session/terms.js';
import { ItemEncoder } from '../wire/item-encoder.js';
import { Announcer } from './announcer.js';
import { CallbackHub } from './callback-hub.js';
import type { CallbackView, ViewOptions } from './callback-view.js';
import type { CallbackEvent, CallbackHandler, DuplexClient } from './client-types.js';
import type { ResolvedConnectOptions } from './options.js';
import { isFinal, nextStatus, type Status } from './status.js';

type AnyClient = DuplexClient<object, object, unknown>;

/** The client's end of one session: proxies and observables over a {@link Peer}. */
export class ConnectedClient<Operations, Callbacks, State>
  implements DuplexClient<Operations, Callbacks, State>, PeerOwner<AnyClient>
{
  readonly service: MethodProxy<Operations>;
  readonly callbacks: DuplexClient<Operations, Callbacks, State>['callbacks'];
  readonly callback$: Observable<CallbackEvent<Callbacks>>;
  readonly state$: Observable<DeepReadonly<State>>;
  readonly status$: Observable<Status>;
  readonly closed: Promise<SessionEnd>;
  state: DeepReadonly<State> | undefined;
  #resolveClosed!: (end: SessionEnd) => void;
  #opened: { promise: Promise<void>; resolve: () => void; reject: (error: DuplexError) => void } | undefined;
  #end: SessionEnd | undefined;
  readonly #handlers = new Map<string, { handle: (request: unknown, call: unknown) => unknown }>();
  #status: Status = 'created';
  readonly #statuses = new Announcer<Status>();
  readonly #states = new Announcer<DeepReadonly<State>>();
  readonly #hub: CallbackHub;
  readonly #peer: Peer<AnyClient>;
  readonly #contract: Contract<Operations, Callbacks, State>;
  readonly #options: ResolvedConnectOptions<Callbacks>;

  constructor(contract: Contract<Operations, Callbacks, State>, options: ResolvedConnectOptions<Callbacks>) {
    this.#contract = contract;
    this.#options = options;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#hub = new CallbackHub(contract.callbacks, (error, method) => this.#report(error, method));
    this.#peer = new Peer(
      {
        ...options,
        contract,
        role: 'client',
        concurrency: defaultTerms.calls,
        encoder: new ItemEncoder(),
        newErrorId: () => crypto.randomUUID(),
        dial: (listener) => options.dialer.dial(contract.wireName, listener),
      },
      this,
    );
    const dial = (): void => this.#dial();
    this.service = createProxy(contract.operations, (method, request, call) => {
      dial();
      return this.#peer.call(method, request, call as never);
    });
    this.callbacks = Object.fromEntries(
      contract.callbacks.flatMap((method) => [
        [`${method.localName}$`, this.#hub.observe(method, dial)],
        [method.localName, (view: ViewOptions = {}) => this.#hub.view(method, view, dial)],
      ]),
    ) as typeof this.callbacks;
    this.callback$ = this.#hub.observeAll(dial) as Observable<CallbackEvent<Callbacks>>;
    this.state$ = new Observable((subscriber) => {
      dial();
      return this.#states.value$.subscribe(subscriber);
    });
    this.#statuses.next(this.#status);
    this.status$ = this.#statuses.value$;
    this.handle(options.handler);
  }

  get status(): Status {
    return this.#status;
  }

  get api(): AnyClient {
    return this as unknown as AnyClient;
  }

  eachCallback(options: ViewOptions = {}): CallbackView<CallbackEvent<Callbacks>> {
    return this.#hub.viewAll(options, () => this.#dial()) as CallbackView<CallbackEvent<Callbacks>>;
  }

  open(): Promise<void> {
    this.#dial();
    if (this.#opened === undefined) {
      let settle!: { resolve: () => void; reject: (error: DuplexError) => void };
      const promise = new Promise<void>((resolve, reject) => {
        settle = { resolve, reject };
      });
      // Whoever awaits it gets the rejection; who does not must not lose the process over it.
      promise.catch(() => {});
      this.#opened = { promise, ...settle };
      if (this.#end !== undefined) settle.reject(errorOf(this.#end, 'no'));
      else if (this.status !== 'opening') settle.resolve();
    }
    return this.#opened.promise;
  }

  handle(handler: Partial<CallbackHandler<Callbacks>>): Subscription {
    const subscription = new Subscription();
    const handlers = handler as Record<string, unknown>;
    const answered = this.#contract.callbacks.filter(({ localName }) => typeof handlers[localName] === 'function');
    const taken = answered.find(({ localName }) => this.#handlers.has(localName));
    if (taken !== undefined) {
      const name = taken.localName;
      const message = `the callback ${name} has a handler already: handlers answer, so there is one; subscribe to ${name}$ to watch`;
      throw new DuplexError('fault', message, { code: Code.ALREADY_EXISTS });
    }
    for (const method of answered) {
      const handle = handlers[method.localName] as (request: unknown, call: unknown) => unknown;
      subscription.add(this.#addHandler(method, handle.bind(handler)));
    }
    return subscription;
  }

  #addHandler(method: MethodInfo, handle: (request: unknown, call: unknown) => unknown): () => void {
    const name = method.localName;
    const entry = { handle };
    this.#handlers.set(name, entry);
    for (const { request, call } of this.#hub.claim([method])) {
      try {
        Promise.resolve(handle(request, call)).catch((error: unknown) => this.#report(DuplexError.from(error), method));
      } catch (error) {
        this.#report(DuplexError.from(error), method);
      }
    }
    return () => {
      if (this.#handlers.get(name) === entry) this.#handlers.delete(name);
    };
  }

  close(): Promise<SessionEnd> {
    const message = 'the client closed the session';
    if (this.status === 'created') this.#peer.session.abort(orderlyEnd('local', message));
    else this.#peer.close(message);
    return this.closed;
  }

  abort(reason = 'the client aborted the session'): void {
    this.#peer.session.abort({ kind: 'aborted', origin: 'local', code: Code.OK, message: reason });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #dial(): void {
    if (this.status !== 'created') return;
    this.#setStatus('opening');
    this.#peer.driver.start();
  }

  #setStatus(status: Status): void {
    this.#status = nextStatus(this.#status, status);
    this.#statuses.next(this.#status);
  }

  #report(error: DuplexError, method?: MethodInfo): void {
    this.#options.onError(error, { contract: this.#contract.name, method: method?.localName });
  }

  // ---------------------------------------------------------------- PeerOwner

  /** Only services are asked. */
  onOpening(): void {}

  onOpened(): void {
    this.#setStatus('opened');
    this.#opened?.resolve();
  }

  /** Only clients confirm. */
  onConfirmed(): void {}

  onSuspended(): void {
    if (this.status === 'opened') this.#setStatus('resuming');
  }

  onResumed(): void {
    if (this.status === 'resuming') this.#setStatus('opened');
  }

  invoke(method: MethodInfo, request: unknown, call: IncomingCall<AnyClient>): unknown {
    const handler = this.#handlers.get(method.localName);
    const room = this.#show(method, request, call);
    if (handler === undefined && method.shape !== 'one-way') {
      throw new Fault(Code.UNIMPLEMENTED, `the client has no handler for the callback ${method.localName}`);
    }
    const answer = handler?.handle(request, call);
    // While it waits it counts as running: so a loop that is slow fills the window, and slows the service down.
    return room === undefined ? answer : Promise.all([answer, room]).then(([reply]) => reply);
  }

  /** What streams is the handler's alone. */
  #show(method: MethodInfo, request: unknown, call: IncomingCall<AnyClient>): Promise<unknown> | undefined {
    if (method.shape === 'one-way') return this.#hub.next(method, request, call);
    const streams = method.shape === 'request-stream' || method.shape === 'both-streams';
    return streams ? undefined : this.#hub.watch(method, request);
  }

  onState(state: unknown): void {
    this.state = state as DeepReadonly<State>;
    this.#states.next(this.state);
  }

  onClosing(): void {
    this.#hub.release();
    this.#setStatus('closing');
  }

  onClosed(end: SessionEnd): void {
    this.#end = end;
    if (!isFinal(this.status)) this.#setStatus(isOrderly(end) ? 'closed' : 'faulted');
    this.#options.dialer.close();
    this.#opened?.reject(errorOf(end, 'no'));
    if (!isOrderly(end)) this.#report(errorOf(end, 'maybe'));
    this.#hub.complete();
    this.#states.complete();
    this.#statuses.complete();
    this.#resolveClosed(end);
  }
}
