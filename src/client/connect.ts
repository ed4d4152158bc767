import { aContract } from '../calls/common-options.js';
import { anObject, badOption } from '../calls/resolve-options.js';
import type { Contract } from '../contract/contract.js';
import { type Dialer, grpcDialer } from '../transport/grpc/client-carrier.js';
import type { DuplexClient } from './client-types.js';
import { ConnectedClient } from './connected-client.js';
import { type ConnectOptions, resolveConnectOptions } from './options.js';

/** Where a service is, and how to reach it: the address, and options of `connect`. */
export interface Endpoint extends Omit<ConnectOptions, 'handler' | 'onSession'> {
  readonly address: string;
}

/**
 * Makes a client of a duplex service at an address such as `localhost:50051`,
 * or at an endpoint, whose options `options` go over. It dials when it is first used. Throws INVALID_ARGUMENT, naming what is wrong,
 * for an address or an option that cannot be one; whether anybody listens there
 * shows when it dials.
 *
 * @example
 * const calculator = connect(Calculator, 'localhost:50051');
 * calculator.callbacks.equals$.subscribe(({ result }) => console.log(result));
 * await calculator.service.addTo({ n: 100 });
 * await calculator.close();
 */
export function connect<Operations, Callbacks, State>(
  contract: Contract<Operations, Callbacks, State>,
  endpoint: string | Endpoint,
  options: ConnectOptions<Callbacks, Operations> = {},
): DuplexClient<Operations, Callbacks, State> {
  const given = typeof endpoint === 'string' ? { address: endpoint } : endpoint;
  if (!anObject.fits(given)) throw badOption('the address', given, 'host:port, or an endpoint with an address');
  const { address, ...common } = given;
  const all = { ...common, ...options };
  return clientOver(contract, grpcDialer(address, all), all);
}

/** A client that reaches its service by a dialer that the caller made. */
export function clientOver<Operations, Callbacks, State>(
  contract: Contract<Operations, Callbacks, State>,
  dialer: Dialer,
  options: ConnectOptions<Callbacks, Operations>,
): DuplexClient<Operations, Callbacks, State> {
  if (!aContract.fits(contract)) throw badOption('the contract', contract, aContract.what);
  return new ConnectedClient(contract, resolveConnectOptions(dialer, options));
}
