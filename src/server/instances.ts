import { beforeHandler } from '../calls/faults.js';
import type { IncomingCall } from '../calls/incoming/call.js';
import { badOption } from '../calls/resolve-options.js';
import type { MethodInfo } from '../contract/contract.js';
import { Code, DuplexError, Fault } from '../errors.js';
import { isPromiseLike } from '../observability/hook.js';
import type { Clock } from '../transport/clock.js';
import type { Admission } from './admission/admission.js';
import { Outstanding } from './outstanding.js';

/**
 * Which object serves which calls: one for each session (`per-session`), one
 * for each call (`per-call`), or one for all sessions (`single`).
 */
export type Instancing = 'per-session' | 'per-call' | 'single';

type Instance = Partial<Disposable & AsyncDisposable>;
type Factory<Session, Handler> = (session: Session) => Handler | PromiseLike<Handler>;

/** Makes the objects that serve the calls of one service, and disposes of each once. */
export class Instances<Session, Handler extends Instance> {
  #single: Handler | PromiseLike<Handler> | undefined;
  readonly #mode: Instancing;
  readonly #factory: Factory<Session, Handler>;
  readonly #admission: Admission;
  readonly #report: (error: DuplexError) => void;
  readonly #contract: string;
  /** Objects that are made, or being made, and not disposed of. */
  readonly #alive = new Outstanding();

  /** `report` hears of errors in disposing, `contract` is what they are made for. */
  constructor(
    contract: string,
    mode: Instancing,
    factory: Factory<Session, Handler>,
    admission: Admission,
    report: (error: DuplexError) => void,
  ) {
    this.#contract = contract;
    this.#mode = mode;
    this.#factory = factory;
    this.#admission = admission;
    this.#report = report;
  }

  /** What serves a session that opens; undefined if each of its calls gets an object of its own. May throw or reject. */
  enter(session: Session): Handler | undefined | PromiseLike<Handler | undefined> {
    if (this.#mode === 'per-call') return undefined;
    if (this.#mode === 'per-session') return this.#make(() => this.#factory(session));
    this.#single ??= this.#makeSingle();
    return this.#single;
  }

  /** A session is over that this object served. */
  async leave(handler: Handler | undefined): Promise<void> {
    if (this.#mode === 'per-session' && handler !== undefined) await this.#dispose(handler);
  }

  /** Runs a call on the object that serves its session; without one on an object of its own, disposed of when the call is over. */
  run(handler: Handler | undefined, method: MethodInfo, request: unknown, call: IncomingCall<Session>): unknown {
    if (handler !== undefined) return runHandler(handler, method, request, call);
    const made = beforeHandler(() => this.#make(() => this.#factory(call.session)));
    const serve = (own: Handler): unknown => {
      // The session may have ended while the factory took its time.
      const isOver = call.isOver;
      call.whenOver(() => void this.#dispose(own));
      return isOver ? undefined : runHandler(own, method, request, call);
    };
    return isPromiseLike(made) ? made.then(serve) : serve(made);
  }

  /** No session is left: what served them is disposed of by the time `byMs`, or else `report` hears of it. */
  async stop(clock: Clock, byMs: number): Promise<void> {
    const single = this.#single;
    this.#single = undefined;
    // Whoever waited for one that cannot be made was told why.
    if (isPromiseLike(single))
      single.then(
        (handler) => void this.#dispose(handler),
        () => {},
      );
    else if (single !== undefined) void this.#dispose(single);
    await this.#alive.over(clock, byMs);
    const { count } = this.#alive;
    if (count === 0) return;
    const message = `the host stops while ${count} of the objects that serve ${this.#contract} are still being made or disposed of: let it stop later (drainMs, or closeTimeoutMs), or bound what their factory and disposal wait for`;
    this.#report(new DuplexError('timeout', message));
  }

  #makeSingle(): Handler | PromiseLike<Handler> {
    // It belongs to no session, so its factory takes none.
    const made = this.#make(this.#factory as () => Handler | PromiseLike<Handler>);
    if (!isPromiseLike(made)) return made;
    const making = Promise.resolve(made);
    making.then(
      (handler) => {
        if (this.#single === making) this.#single = handler;
      },
      () => {
        // The next session tries again.
        if (this.#single === making) this.#single = undefined;
      },
    );
    return making;
  }

  /** One more object, unless there are too many. One that was not made after all does not count. */
  #make(factory: () => Handler | PromiseLike<Handler>): Handler | PromiseLike<Handler> {
    this.#admission.beginInstance();
    this.#alive.begin();
    try {
      const made = factory();
      if (!isPromiseLike(made)) return this.#checked(made);
      return Promise.resolve(made)
        .then((handler) => this.#checked(handler))
        .catch((error: unknown) => {
          this.#gone();
          throw error;
        });
    } catch (error) {
      this.#gone();
      throw error;
    }
  }

  #checked(handler: Handler): Handler {
    if (typeof handler === 'object' && handler !== null) return handler;
    throw badOption(
      `what the factory of ${this.#contract} returned`,
      handler,
      '`return` and an object that has a method for each operation',
    );
  }

  #gone(): void {
    this.#admission.endInstance();
    this.#alive.end();
  }

  async #dispose(handler: Handler): Promise<void> {
    try {
      if (handler[Symbol.asyncDispose] !== undefined) await handler[Symbol.asyncDispose]?.();
      else handler[Symbol.dispose]?.();
    } catch (error) {
      this.#report(DuplexError.from(error));
    } finally {
      this.#gone();
    }
  }
}

/** Runs the method of a handler object that is named like the operation. */
function runHandler(handler: object, method: MethodInfo, request: unknown, call: IncomingCall<unknown>): unknown {
  const handle = (handler as Record<string, unknown>)[method.localName];
  if (typeof handle === 'function') return handle.call(handler, request, call);
  throw new Fault(Code.UNIMPLEMENTED, `the service has no handler for ${method.localName}`, [], { executed: 'no' });
}
