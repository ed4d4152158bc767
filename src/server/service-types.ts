import type { CallCounters } from '../calls/call-channel.js';
import type { Call } from '../calls/incoming/call.js';
import type { Handlers, MethodProxy } from '../calls/method-types.js';
import type { SessionEnd } from '../session/session-end.js';
import type { Instancing } from './instances.js';
import type { SessionState } from './session-state.js';

/** `resuming`: the connection broke, and the client may come back. */
export type ServiceSessionStatus = 'opening' | 'open' | 'resuming' | 'closing' | 'closed';

/** Counters and depths of one session. */
export interface SessionCounters extends Readonly<CallCounters> {
  /** Messages that were sent and that the client has not acknowledged. */
  readonly unacknowledged: number;
  /** Messages that wait for the client to take more. */
  readonly waiting: number;
  readonly waitingBytes: number;
}

/** A client's session as the service sees it. It may be kept and used from anywhere until it ends. */
export interface ServiceSession<Callbacks, State, Who = unknown> {
  /** Unique among the sessions of this host's process. */
  readonly id: string;
  /** Address of the client as the connection shows it. */
  readonly peer: string;
  /** Who the client is, as the host's `authenticate` found out last. */
  readonly principal: Who;
  /** When it was opened. */
  readonly since: Date;
  readonly status: ServiceSessionStatus;
  /** What happened in it that no caller saw, and how much waits in it now. */
  readonly counters: SessionCounters;
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
export type ServiceHandler<Operations, Callbacks, State, Who = unknown> = Handlers<
  Operations,
  Call<ServiceSession<Callbacks, State, Who>>
> &
  Partial<Disposable & AsyncDisposable>;

/**
 * Makes an object that serves. It takes the session, unless one object serves
 * all of them: there an operation finds its session in `call.session`. It may
 * take its time, or throw a Fault to turn the client away.
 */
export type InstanceFactory<Mode extends Instancing, Operations, Callbacks, State, Who = unknown> = (
  ...of: Mode extends 'single' ? [] : [session: ServiceSession<Callbacks, State, Who>]
) => ServiceHandler<Operations, Callbacks, State, Who> | PromiseLike<ServiceHandler<Operations, Callbacks, State, Who>>;

/** Makes the object that serves a session, or a call of one. */
export type ServiceFactory<Operations, Callbacks, State, Who = unknown> = InstanceFactory<
  'per-session',
  Operations,
  Callbacks,
  State,
  Who
>;

/** Makes the one object that serves all sessions. */
export type SingleFactory<Operations, Callbacks, State, Who = unknown> = InstanceFactory<
  'single',
  Operations,
  Callbacks,
  State,
  Who
>;
