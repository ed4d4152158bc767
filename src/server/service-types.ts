import type { Call } from '../calls/call.js';
import type { Handlers, MethodProxy } from '../calls/method-types.js';
import type { SessionEnd } from '../session/session-end.js';
import type { SessionState } from './session-state.js';

/** A client's session as the service sees it. It may be kept and used from anywhere until it ends. */
export interface ServiceSession<Callbacks, State> {
  /** Unique among the sessions of this host's process. */
  readonly id: string;
  /** Address of the client as the connection shows it. */
  readonly peer: string;
  /** Who the client is, as the host has authenticated it; undefined where it does not. */
  readonly principal: unknown;
  /** The client: calling a member invokes the callback there. */
  readonly callback: MethodProxy<Callbacks>;
  /** What the service keeps for this session; the client sees every change. */
  readonly state: SessionState<State>;
  /** Resolves with the reason when the session is over; never rejects. */
  readonly closed: Promise<SessionEnd>;
  /** Closes in order: what was sent before still arrives, running operations finish. */
  close(reason?: string): Promise<SessionEnd>;
}

/** What serves one session, or all: a method for each operation, and what disposes of it. */
export type ServiceHandler<Operations, Callbacks, State> = Handlers<
  Operations,
  Call<ServiceSession<Callbacks, State>>
> &
  Partial<Disposable & AsyncDisposable>;

/** Makes the object that serves a session. It may take its time, or throw a Fault to turn the client away. */
export type ServiceFactory<Operations, Callbacks, State> = (
  session: ServiceSession<Callbacks, State>,
) => ServiceHandler<Operations, Callbacks, State> | PromiseLike<ServiceHandler<Operations, Callbacks, State>>;

/** Makes the one object that serves all sessions; an operation finds its session in `call.session`. */
export type SingleFactory<Operations, Callbacks, State> = () =>
  | ServiceHandler<Operations, Callbacks, State>
  | PromiseLike<ServiceHandler<Operations, Callbacks, State>>;
