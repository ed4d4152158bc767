import type { MethodProxy } from '../../calls/method-types.js';
import { failedCall } from '../../calls/outgoing/failed-call.js';
import { createProxy } from '../../calls/proxy.js';
import type { Contract } from '../../contract/contract.js';
import type { Init } from '../../contract/message-codec.js';
import { Code, DuplexError } from '../../errors.js';
import { orderlyEnd, type SessionEnd } from '../../session/session-end.js';
import type { Principal } from '../security/principal.js';
import type { ServiceSession, SessionCounters } from '../service-types.js';
import { type SessionState, sessionState } from '../session-state.js';

/** Nothing waits in a plain call, and whatever happens in it its caller sees. */
const noCounters: SessionCounters = Object.freeze({
  ...{ unsent: 0, failedHandlers: 0, unknownItems: 0, lateItems: 0, dropped: 0 },
  ...{ unacknowledged: 0, waiting: 0, waitingBytes: 0 },
});

/**
 * What a plain gRPC call has for a session: it begins and ends with the call,
 * its state reaches nobody, and there is nobody to call back.
 */
export class PlainSession<Operations, Callbacks, State> implements ServiceSession<Callbacks, State> {
  readonly id = crypto.randomUUID();
  readonly peer: string;
  readonly principal: Principal | undefined;
  readonly since = new Date();
  readonly counters = noCounters;
  readonly callback: MethodProxy<Callbacks>;
  readonly state: SessionState<State>;
  readonly closed: Promise<SessionEnd>;
  #isOver = false;
  #resolveClosed!: (end: SessionEnd) => void;

  /** `report` hears of one-way callbacks that nobody awaits. */
  constructor(
    contract: Contract<Operations, Callbacks, State>,
    initialState: Init<State> | undefined,
    { peer, principal }: { readonly peer: string; readonly principal: Principal | undefined },
    report: (error: DuplexError) => void,
  ) {
    this.peer = peer;
    this.principal = principal;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.callback = createProxy(contract.callbacks, (method) => {
      const message = `${method.localName} cannot reach its client: this is a plain call without a callback channel; a client that is to be called back opens a session by /${contract.wireName}/Connect`;
      return failedCall(method, new DuplexError('fault', message, { code: Code.FAILED_PRECONDITION }), report);
    });
    this.state = sessionState(contract.state, initialState, () => {});
  }

  get status(): 'open' | 'closed' {
    return this.#isOver ? 'closed' : 'open';
  }

  /** The call is over. */
  end(): void {
    this.#isOver = true;
    this.#resolveClosed(orderlyEnd('remote', 'the call is over'));
  }

  /** It ends with its call, and no sooner. */
  close(): Promise<SessionEnd> {
    return this.closed;
  }
}
