import type { IncomingCall } from '../../calls/incoming/call.js';
import type { CallLimits } from '../../calls/incoming/call-limits.js';
import { type MethodInfo, streamsReplies } from '../../contract/contract.js';
import { Code, DuplexError, Fault } from '../../errors.js';
import { isPromiseLike } from '../../observability/hook.js';
import type { HeldBytes } from '../../session/sending/held-bytes.js';
import { type Clock, systemClock } from '../../transport/clock.js';
import type { Principal } from '../security/principal.js';
import type { Limits } from './limits.js';
import { type Holder, Relief } from './relief.js';

/** What a host holds now, and what its limits have refused so far, by the names of the limits. */
export interface HostCounters {
  readonly sessions: number;
  readonly handshakes: number;
  readonly calls: number;
  readonly instances: number;
  /** Bytes that the sessions hold, as they were counted last. */
  readonly heldBytes: number;
  readonly refused: Readonly<Record<Knob, number>>;
}

const noneRefused = Object.freeze({
  ...{ sessions: 0, sessionsPerPrincipal: 0, handshakes: 0, credentials: 0, instances: 0 },
  ...{ calls: 0, waitingPerSession: 0, streamsPerSession: 0, heldBytes: 0 },
});

/** A limit by which something was refused, or `credentials` that were bad. */
type Knob = keyof typeof noneRefused;

/** Runs the handlers of calls; an object, for a function would be made anew for each call. */
interface CallServer<Session> {
  serve(method: MethodInfo, request: unknown, call: IncomingCall<Session>): unknown;
}

/** Keeps count of what a host holds, over all its services, and refuses what is over its limits. */
export class Admission {
  #sessions = 0;
  #handshakes = 0;
  #calls = 0;
  #instances = 0;
  readonly #refused: Record<Knob, number> = { ...noneRefused };
  readonly #ofPrincipals = new Map<string, number>();
  readonly #limits: Limits;

  /** What the sessions hold. */
  readonly held: HeldBytes;

  /** `sessions` are asked for when they hold too much. */
  constructor(limits: Limits, clock: Clock = systemClock, sessions: () => Iterable<Holder> = () => []) {
    this.#limits = limits;
    this.held = new Relief(limits.heldBytes, clock, sessions, () => {
      this.#refused.heldBytes += 1;
    }).held;
  }

  get counters(): HostCounters {
    return {
      sessions: this.#sessions,
      handshakes: this.#handshakes,
      calls: this.#calls,
      instances: this.#instances,
      heldBytes: this.held.total,
      refused: { ...this.#refused },
    };
  }

  /** A stream has come. Throws if too many wait already. */
  beginHandshake(): void {
    const { handshakes } = this.#limits;
    if (this.#handshakes >= handshakes) throw this.#full('handshakes', `${handshakes} streams are being opened`);
    this.#handshakes += 1;
  }

  endHandshake(): void {
    this.#handshakes -= 1;
  }

  /** The client of a stream did not get in. */
  countRefused(error: DuplexError): void {
    if (error.code === Code.UNAUTHENTICATED || error.code === Code.PERMISSION_DENIED) this.#refused.credentials += 1;
  }

  /** A session is made. Throws if there are too many. */
  beginSession(principal: Principal | undefined): void {
    const { sessions, sessionsPerPrincipal } = this.#limits;
    if (this.#sessions >= sessions) throw this.#full('sessions', `the host has its ${sessions} sessions`);
    if (principal !== undefined) {
      const own = this.#ofPrincipals.get(principal.id) ?? 0;
      if (own >= sessionsPerPrincipal) {
        throw this.#full('sessionsPerPrincipal', `this principal has its ${sessionsPerPrincipal} sessions`);
      }
      this.#ofPrincipals.set(principal.id, own + 1);
    }
    this.#sessions += 1;
  }

  endSession(principal: Principal | undefined): void {
    this.#sessions -= 1;
    if (principal === undefined) return;
    const own = (this.#ofPrincipals.get(principal.id) ?? 1) - 1;
    if (own === 0) this.#ofPrincipals.delete(principal.id);
    else this.#ofPrincipals.set(principal.id, own);
  }

  /** A call that has an answer begins. Throws if too many run. */
  beginCall(): void {
    const { calls } = this.#limits;
    if (this.#calls >= calls) throw this.#fault('calls', `the host runs its ${calls} calls`);
    this.#calls += 1;
  }

  endCall(): void {
    this.#calls -= 1;
  }

  /** Has a call that has an answer served, as one of those that the host has at a time. Throws if too many run. */
  serveCounted<Session>(
    server: CallServer<Session>,
    method: MethodInfo,
    request: unknown,
    call: IncomingCall<Session>,
  ): unknown {
    this.beginCall();
    if (streamsReplies(method)) {
      call.whenOver(() => this.endCall());
      return server.serve(method, request, call);
    }
    let result: unknown;
    try {
      result = server.serve(method, request, call);
    } catch (error) {
      this.endCall();
      throw error;
    }
    if (isPromiseLike(result)) this.#endCallAfter(result);
    else this.endCall();
    return result;
  }

  #endCallAfter(result: PromiseLike<unknown>): void {
    const end = (): void => this.endCall();
    Promise.resolve(result).then(end, end);
  }

  /** An object that serves is made. Throws if there are too many. */
  beginInstance(): void {
    const { instances } = this.#limits;
    if (this.#instances >= instances) throw this.#fault('instances', `the host has its ${instances} instances`);
    this.#instances += 1;
  }

  endInstance(): void {
    this.#instances -= 1;
  }

  /** What one session may have. */
  get ofSession(): CallLimits {
    const { callsPerSession: running, waitingPerSession: waiting, streamsPerSession: streams } = this.#limits;
    return {
      ...{ running, waiting, streams },
      refuse: (limit) =>
        limit === 'waiting'
          ? this.#fault('waitingPerSession', `${waiting} calls of the session wait for their turn`)
          : this.#fault('streamsPerSession', `the session has its ${streams} streams`),
    };
  }

  #fault(knob: Knob, message: string): Fault {
    this.#refused[knob] += 1;
    const { retryAfterMs } = this.#limits;
    return new Fault(Code.RESOURCE_EXHAUSTED, `${message} (limits.${knob})`, [], { executed: 'no', retryAfterMs });
  }

  #full(knob: Knob, message: string): DuplexError {
    this.#refused[knob] += 1;
    // Spread, so that those who were refused together do not come back together.
    const retryAfterMs = Math.round(this.#limits.retryAfterMs * (1 + Math.random()));
    return new DuplexError('refused', `${message} (limits.${knob})`, { code: Code.RESOURCE_EXHAUSTED, retryAfterMs });
  }
}
