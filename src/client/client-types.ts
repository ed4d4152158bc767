import type { Observable, Subscription } from 'rxjs';
import type { Call } from '../calls/incoming/call.js';
import type { Handlers, MethodProxy } from '../calls/method-types.js';
import type { DeepReadonly } from '../contract/message-codec.js';
import type { SessionEnd } from '../session/session-end.js';
import type { CallbackView, ViewOptions } from './callbacks/callback-view.js';
import type { Status } from './status.js';

/** Answers the service's callbacks: a method for each of them. */
export type CallbackHandler<Callbacks> = Handlers<Callbacks, Call<DuplexClient<object, object, unknown>>>;

type RequestOf<Method> = Method extends { readonly request: infer Request } ? Request : never;

/** An observable for each callback, named after it: `equals$` for `equals`. */
export type CallbackObservables<Callbacks> = {
  readonly [Name in keyof Callbacks & string as `${Name}$`]: Observable<RequestOf<Callbacks[Name]>>;
};

/** A view of each callback for `for await`, under its own name: `equals({ buffer: 64 })`. */
export type CallbackViews<Callbacks> = {
  readonly [Name in keyof Callbacks & string]: (options?: ViewOptions) => CallbackView<RequestOf<Callbacks[Name]>>;
};

/** Any callback, told apart by its name. */
export type CallbackEvent<Callbacks> = {
  readonly [Name in keyof Callbacks & string]: {
    readonly name: Name;
    readonly request: RequestOf<Callbacks[Name]>;
  };
}[keyof Callbacks & string];

/**
 * A client's end of one session. It dials on the first call, the first
 * subscription to a callback or the state, or `open`.
 */
export interface DuplexClient<Operations, Callbacks, State> extends AsyncDisposable {
  /** The service: calling a member invokes the operation there. */
  readonly service: MethodProxy<Operations>;
  /**
   * The callbacks: an observable of each, `equals$`, and a view of each for
   * loops, `equals()`. Up to 256 of each are held until somebody first claims
   * it by a subscription, a loop or a handler.
   */
  readonly callbacks: CallbackObservables<Callbacks> & CallbackViews<Callbacks>;
  /** All callbacks in the order in which the service sent them. */
  readonly callback$: Observable<CallbackEvent<Callbacks>>;
  /** The same for loops. */
  eachCallback(options?: ViewOptions): CallbackView<CallbackEvent<Callbacks>>;
  /** The service's state of this session, once it is known. */
  readonly state: DeepReadonly<State> | undefined;
  /** The state and each change of it. */
  readonly state$: Observable<DeepReadonly<State>>;
  readonly status: Status;
  /** The status and each change of it; subscribing does not dial. */
  readonly status$: Observable<Status>;
  /** Resolves with the reason when the session is over; never rejects. */
  readonly closed: Promise<SessionEnd>;
  /** Dials, if nothing did before, and waits for the session. Rejects with what prevented it. */
  open(): Promise<void>;
  /** Answers callbacks from now on. A callback has one handler at most; a second one throws. */
  handle(handler: Partial<CallbackHandler<Callbacks>>): Subscription;
  /** Closes in order: what was sent before still runs, and what it sends back still arrives. */
  close(): Promise<SessionEnd>;
  /** Ends the session at once. */
  abort(reason?: string): void;
}
