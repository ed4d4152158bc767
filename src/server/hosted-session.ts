import type { IncomingCall } from '../calls/call.js';
import { faultFrom } from '../calls/faults.js';
import type { MethodProxy } from '../calls/method-types.js';
import { Peer, type PeerOptions, type PeerOwner } from '../calls/peer.js';
import { createProxy } from '../calls/proxy.js';
import type { Contract, MethodInfo } from '../contract/contract.js';
import type { Init } from '../contract/message-codec.js';
import { Code, DuplexError, Fault } from '../errors.js';
import type { SessionEnd } from '../session/session-end.js';
import { ResumeTokens } from './resume-tokens.js';
import type { ServiceFactory, ServiceHandler, ServiceSession } from './service-types.js';
import { type SessionState, sessionState } from './session-state.js';

/** One client's session in a host: makes the object that serves it, runs its operations, disposes of it. */
export class HostedSession<Operations, Callbacks, State>
  implements ServiceSession<Callbacks, State>, PeerOwner<ServiceSession<Callbacks, State>>
{
  readonly id: string;
  /** What the client has to show to resume this session. */
  readonly tokens = new ResumeTokens();
  /** Called when the client is known to have a token. */
  confirmed: (() => void) | undefined;
  readonly peer: string;
  readonly callback: MethodProxy<Callbacks>;
  readonly state: SessionState<State>;
  readonly closed: Promise<SessionEnd>;
  readonly link: Peer<ServiceSession<Callbacks, State>>;
  #isOpen = false;
  #resolveClosed!: (end: SessionEnd) => void;
  #handler: ServiceHandler<Operations, Callbacks, State> | undefined;
  readonly #options: PeerOptions;
  readonly #factory: ServiceFactory<Operations, Callbacks, State>;

  constructor(
    contract: Contract<Operations, Callbacks, State>,
    factory: ServiceFactory<Operations, Callbacks, State>,
    initialState: Init<State> | undefined,
    id: string,
    peer: string,
    options: PeerOptions,
  ) {
    this.id = id;
    this.peer = peer;
    this.#options = options;
    this.#factory = factory;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.link = new Peer(options, this);
    this.callback = createProxy(contract.callbacks, (method, request, call) =>
      this.link.call(method, request, call as never),
    );
    this.state = sessionState(contract.state, initialState, (state, codec) => {
      // Before the session is open the value is only checked: the first snapshot will carry it.
      if (this.#isOpen) this.link.sendState(codec, state);
      else this.link.checkState(codec, state);
    });
  }

  get api(): ServiceSession<Callbacks, State> {
    return this;
  }

  close(reason = 'the service closed the session'): Promise<SessionEnd> {
    this.link.close(reason);
    return this.closed;
  }

  /** Ends the session at once; the client is told why. */
  abort(message: string, code: Code): void {
    this.link.session.abort({ kind: 'aborted', origin: 'local', code, message });
  }

  onOpening(): void {
    let made: ReturnType<ServiceFactory<Operations, Callbacks, State>>;
    try {
      made = this.#factory(this);
    } catch (error) {
      return this.#refuse(error);
    }
    if (!isPromiseLike(made)) return this.#accept(made);
    made.then(
      (handler) => this.#accept(handler),
      (error: unknown) => this.#refuse(error),
    );
  }

  #accept(handler: ServiceHandler<Operations, Callbacks, State>): void {
    this.#handler = handler;
    // The client may have left while the factory took its time.
    if (this.link.session.state === 'closed') void this.#dispose();
    else this.link.accept({ sessionId: Buffer.from(this.id, 'hex'), token: this.tokens.issue(), epoch: 1 });
  }

  #refuse(thrown: unknown): void {
    const { fault, error } = faultFrom(thrown, this.#options);
    if (error !== thrown) this.#report(error);
    this.link.session.refuse(new DuplexError('refused', fault.message, { code: fault.code as Code }));
  }

  onConfirmed(): void {
    this.tokens.confirm();
    this.confirmed?.();
  }

  onSuspended(): void {}

  onResumed(): void {}

  /** The client's first snapshot is the state as the factory left it. */
  onOpened(): void {
    const { contract } = this.#options;
    this.#isOpen = true;
    if (contract.state !== undefined) this.link.sendState(contract.state, this.state.value);
  }

  invoke(method: MethodInfo, request: unknown, call: IncomingCall<ServiceSession<Callbacks, State>>): unknown {
    const handler = this.#handler as Record<string, unknown> | undefined;
    const handle = handler?.[method.localName];
    if (typeof handle !== 'function') {
      throw new Fault(Code.UNIMPLEMENTED, `the service has no handler for ${method.localName}`);
    }
    return handle.call(handler, request, call);
  }

  /** Services have states, they do not receive them. */
  onState(): void {}

  onClosing(): void {}

  onClosed(end: SessionEnd): void {
    this.#resolveClosed(end);
    void this.#dispose();
  }

  async #dispose(): Promise<void> {
    const handler = this.#handler;
    this.#handler = undefined;
    try {
      if (handler?.[Symbol.asyncDispose] !== undefined) await handler[Symbol.asyncDispose]?.();
      else handler?.[Symbol.dispose]?.();
    } catch (error) {
      this.#report(DuplexError.from(error));
    }
  }

  #report(error: DuplexError): void {
    this.#options.onError(error, { contract: this.#options.contract.name, method: undefined });
  }
}

function isPromiseLike<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
