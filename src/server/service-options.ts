import { aContract } from '../calls/common-options.js';
import type { Concurrency } from '../calls/incoming/turns.js';
import { aFunction, anObject, badOption, type OptionRules, resolveOptions } from '../calls/resolve-options.js';
import type { AnyContract } from '../contract/contract.js';
import type { Init } from '../contract/message-codec.js';
import { textOf } from '../errors.js';
import type { SlowClients } from './groups/delivery.js';
import type { Instancing } from './instances.js';

/** Options of one service in a host. */
export interface ServiceOptions<State, Callbacks = object> {
  /** The state of a new session, before the factory sees it. Fields left out have their defaults. */
  readonly initialState?: Init<State>;
  /**
   * How operations of one session run: `single` (default), one after another;
   * `reentrant`, the same, but others run while one awaits a callback's answer;
   * `multiple`, up to 256 side by side.
   */
  readonly concurrency?: Concurrency;
  /**
   * What to do about clients that are too slow for a one-way callback, by its
   * name. Default: what the contract declares by `delivery`, and for reliable
   * ones `wait`, which in a group is `fail-session`.
   */
  readonly slowClients?: SlowClients<Callbacks>;
}

/** How the objects that serve a service are made. */
export interface InstancingOptions<Mode extends Instancing = Instancing> {
  /**
   * Which object serves which calls: `per-session` (default), one that is made
   * when the session opens; `per-call`, one for each call; `single`, one for
   * all sessions, made when the first of them opens. Each is disposed of once,
   * when what it serves is over.
   */
  readonly instancing?: Mode;
}

/** {@link ServiceOptions} and {@link InstancingOptions}, complete. */
export interface ResolvedServiceOptions<State, Callbacks = object> {
  readonly initialState?: Init<State>;
  readonly concurrency: Concurrency;
  readonly slowClients: SlowClients<Callbacks>;
  readonly instancing: Instancing;
}

const rules: OptionRules = {
  oneOf: {
    instancing: ['per-session', 'per-call', 'single'],
    concurrency: ['single', 'reentrant', 'multiple'],
  },
  kinds: { slowClients: anObject },
  known: ['initialState', 'concurrency', 'slowClients', 'instancing'],
};

const policies = ['wait', 'latest', 'drop-oldest', 'fail-session'];

/**
 * Completes what a service is added with. Throws INVALID_ARGUMENT, naming what
 * is wrong and what to write instead, for what cannot be.
 */
export function resolveServiceOptions<State, Callbacks>(
  contract: AnyContract,
  factory: unknown,
  options: ServiceOptions<State, Callbacks> & InstancingOptions,
): ResolvedServiceOptions<State, Callbacks> {
  if (!aContract.fits(contract)) throw badOption('the contract', contract, aContract.what);
  if (!aFunction.fits(factory))
    throw badOption(`the factory of ${contract.name}`, factory, 'a function that makes what serves a session');
  const resolved = resolveOptions({ instancing: 'per-session', concurrency: 'single' } as const, options, rules);
  const oneWay = contract.callbacks.filter(({ shape }) => shape === 'one-way').map(({ localName }) => localName);
  const slowClients = resolveOptions({}, resolved.slowClients ?? {}, {
    prefix: 'slowClients.',
    known: oneWay,
    oneOf: Object.fromEntries(oneWay.map((name) => [name, policies])),
  });
  if (resolved.initialState !== undefined) checkState(contract, resolved.initialState);
  return { ...resolved, slowClients };
}

/** A state that cannot be sent would otherwise turn every client away. */
function checkState({ name, state }: AnyContract, initial: unknown): void {
  if (state === undefined) throw badOption('initialState', initial, `none: ${name} declares no state`);
  if (!anObject.fits(initial)) throw badOption('initialState', initial, `a ${state.$type}`);
  try {
    state.encode(state.fromPartial(initial as object)).finish();
  } catch (error) {
    throw badOption('initialState', initial, `a ${state.$type}: this is none, ${textOf(error)}`);
  }
}
