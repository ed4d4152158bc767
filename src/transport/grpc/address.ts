import { isIP } from 'node:net';
import { Code, DuplexError } from '../../errors.js';

/** The schemes that grpc-js resolves, and the one that it lacks but that people write. */
const SCHEME = /^(dns|ipv4|ipv6|unix|unix-abstract|xds|ip):/;
const HOST_AND_PORT = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^\s:/?#@[\]]+)):(\d{1,5})$/;

/**
 * Checks an address before grpc-js sees it, which takes nearly anything and
 * then fails late or never. Returns it unchanged. Throws INVALID_ARGUMENT.
 */
export function checkAddress(address: string): string {
  if (SCHEME.test(address)) return address;
  const port = HOST_AND_PORT.exec(address)?.[3];
  if (port !== undefined && Number(port) <= 65_535) return address;
  const hint = /^https?:\/\//.test(address) ? '; leave out the scheme' : '';
  throw new DuplexError(
    'unavailable',
    `"${address}" is not an address: write host:port, [ipv6]:port, unix:path or dns:///name${hint}`,
    { code: Code.INVALID_ARGUMENT },
  );
}

/**
 * The address as grpc-js dials it: one that is an IP address already is said to
 * be one. Otherwise grpc-js makes a DNS resolver for every connection, and waits
 * a turn for it, a tenth of the time to a first callback. Throws like
 * `checkAddress`.
 */
export function grpcTarget(address: string): string {
  const [, inBrackets, plain = ''] = HOST_AND_PORT.exec(checkAddress(address)) ?? [];
  const version = isIP(inBrackets ?? plain);
  return version === 0 ? address : `ipv${version}:${address}`;
}
