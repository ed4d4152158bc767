import type { IncomingCall } from '../calls/incoming/call.js';
import { DuplexError } from '../errors.js';
import { isPromiseLike } from '../observability/hook.js';
import type { Admission } from './admission/admission.js';

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

  /** `report` hears of errors in disposing. */
  constructor(
    mode: Instancing,
    factory: Factory<Session, Handler>,
    admission: Admission,
    report: (error: DuplexError) => void,
  ) {
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

  /** Runs one call on an object of its own, which is disposed of when the call is over. */
  serve(session: Session, call: IncomingCall<Session>, run: (handler: Handler) => unknown): unknown {
    const made = this.#make(() => this.#factory(session));
    const serve = (handler: Handler): unknown => {
      // The session may have ended while the factory took its time.
      const isOver = call.isOver;
      call.whenOver(() => void this.#dispose(handler));
      return isOver ? undefined : run(handler);
    };
    return isPromiseLike(made) ? Promise.resolve(made).then(serve) : serve(made);
  }

  /** No session is left. */
  async stop(): Promise<void> {
    const single = this.#single;
    this.#single = undefined;
    if (single !== undefined) await this.#dispose(await single);
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
    let made: Handler | PromiseLike<Handler>;
    try {
      made = factory();
    } catch (error) {
      this.#admission.endInstance();
      throw error;
    }
    if (!isPromiseLike(made)) return made;
    return Promise.resolve(made).catch((error: unknown) => {
      this.#admission.endInstance();
      throw error;
    });
  }

  async #dispose(handler: Handler): Promise<void> {
    try {
      if (handler[Symbol.asyncDispose] !== undefined) await handler[Symbol.asyncDispose]?.();
      else handler[Symbol.dispose]?.();
    } catch (error) {
      this.#report(DuplexError.from(error));
    } finally {
      this.#admission.endInstance();
    }
  }
}
