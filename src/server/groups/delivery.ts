import type { QuickPolicy, SlowPeerPolicy } from '../../calls/outgoing/slow-peer-policy.js';
import type { MethodInfo } from '../../contract/contract.js';

/** What to do about clients that are too slow for a callback, by the callback's local name. */
export type SlowClients<Callbacks> = {
  readonly [Name in keyof Callbacks as Callbacks[Name] extends { readonly shape: 'one-way' }
    ? Name
    : never]?: SlowPeerPolicy;
};

/** The policy of each callback: what the host says, else what the contract declares. */
export class Deliveries {
  readonly #said: Readonly<Record<string, SlowPeerPolicy>>;

  constructor(said: object = {}) {
    this.#said = said as Readonly<Record<string, SlowPeerPolicy>>;
  }

  /** For a session that is called by itself: its caller can wait. */
  direct(method: MethodInfo): SlowPeerPolicy {
    return method.shape === 'one-way' ? (this.#said[method.localName] ?? declared(method) ?? 'wait') : 'wait';
  }

  /** For a member of a group, which nobody waits for. */
  grouped(method: MethodInfo): QuickPolicy {
    const policy = this.direct(method);
    return policy === 'wait' ? 'fail-session' : policy;
  }
}

function declared({ delivery }: MethodInfo): SlowPeerPolicy | undefined {
  if (delivery === 'reliable') return undefined;
  return delivery === 'latest' ? 'latest' : 'drop-oldest';
}
