import type { Contract } from '../contract/contract.js';
import { type Dialer, grpcDialer } from '../transport/grpc/client-carrier.js';
import type { DuplexClient } from './client-types.js';
import { ConnectedClient } from './connected-client.js';
import { type ConnectOptions, resolveConnectOptions } from './options.js';

/**
 * Makes a client of a duplex service at an address such as `localhost:50051`.
 * It dials when it is first used. Throws INVALID_ARGUMENT for an address that
 * cannot be one; whether anybody listens there shows when it dials.
 *
 * @example
 * const calculator = connect(Calculator, 'localhost:50051');
 * calculator.callbacks.equals$.subscribe(({ result }) => console.log(result));
 * await calculator.service.addTo({ n: 100 });
 * await calculator.close();
 */
export function connect<Operations, Callbacks, State>(
  contract: Contract<Operations, Callbacks, State>,
  address: string,
  options: ConnectOptions<Callbacks, Operations> = {},
): DuplexClient<Operations, Callbacks, State> {
  return clientOver(contract, grpcDialer(address, options), options);
}

/** A client that reaches its service by a dialer that the caller made. */
export function clientOver<Operations, Callbacks, State>(
  contract: Contract<Operations, Callbacks, State>,
  dialer: Dialer,
  options: ConnectOptions<Callbacks, Operations>,
): DuplexClient<Operations, Callbacks, State> {
  return new ConnectedClient(contract, resolveConnectOptions(dialer, options));
}
