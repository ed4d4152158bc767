import type { AnyContract, MethodInfo } from '../../contract/contract.js';
import type { Init } from '../../contract/message-codec.js';
import { bareHead, type ItemEncoder } from '../../wire/item-encoder.js';
import type { HostedSession } from '../hosted-session.js';
import type { ServiceSession } from '../service-types.js';
import type { Deliveries } from './delivery.js';

/**
 * The one-way callbacks of a contract, for many clients at once. Nobody is
 * waited for. Throws INVALID_ARGUMENT for a request that cannot be encoded.
 */
export type GroupCallbacks<Callbacks> = {
  readonly [Name in keyof Callbacks as Callbacks[Name] extends { readonly shape: 'one-way' }
    ? Name
    : never]: Callbacks[Name] extends { readonly request: infer Request } ? (request?: Init<Request>) => void : never;
};

/** Sessions that are called back together; a member leaves when its session ends. */
export interface Group<Callbacks, State, Who = unknown> extends Iterable<ServiceSession<Callbacks, State, Who>> {
  readonly size: number;
  /** Whoever is a member gets the message, encoded once; a slow one is dealt with by its callback's policy. */
  readonly callback: GroupCallbacks<Callbacks>;
  /** False if the session is a member already, or is over. */
  add(session: Member): boolean;
  /** False if it was no member. */
  delete(session: Member): boolean;
  has(session: Member): boolean;
}

/** Any session of the service. */
type Member = Pick<ServiceSession<object, unknown>, 'id'>;

/** Members are told apart by the sessions that the service has, so that what is over cannot come in. */
export class SessionGroup<Operations, Callbacks, State> implements Group<Callbacks, State> {
  readonly callback: GroupCallbacks<Callbacks>;
  readonly #members = new Set<HostedSession<Operations, Callbacks, State>>();
  readonly #sessions: ReadonlyMap<string, HostedSession<Operations, Callbacks, State>>;

  constructor(
    contract: AnyContract,
    sessions: ReadonlyMap<string, HostedSession<Operations, Callbacks, State>>,
    encoder: ItemEncoder,
    deliveries: Deliveries,
  ) {
    this.#sessions = sessions;
    const tell = (method: MethodInfo, request: unknown): void => {
      const item = encoder.encode(bareHead, method.number, method.request, request ?? {});
      const policy = deliveries.grouped(method);
      for (const { link } of this.#members) link.post(method, item, policy);
    };
    const oneWay = contract.callbacks.filter(({ shape }) => shape === 'one-way');
    const members = oneWay.map((method) => [method.localName, (request: unknown) => tell(method, request)]);
    this.callback = Object.freeze(Object.fromEntries(members)) as GroupCallbacks<Callbacks>;
  }

  get size(): number {
    return this.#members.size;
  }

  add({ id }: Member): boolean {
    const session = this.#sessions.get(id);
    if (session === undefined || this.#members.has(session)) return false;
    this.#members.add(session);
    session.joined = session.joined.concat([this.#members]);
    return true;
  }

  delete({ id }: Member): boolean {
    const session = this.#sessions.get(id);
    if (session === undefined || !this.#members.delete(session)) return false;
    session.joined = session.joined.filter((members) => members !== this.#members);
    return true;
  }

  has({ id }: Member): boolean {
    const session = this.#sessions.get(id);
    return session !== undefined && this.#members.has(session);
  }

  [Symbol.iterator](): Iterator<HostedSession<Operations, Callbacks, State>> {
    return this.#members.values();
  }
}
