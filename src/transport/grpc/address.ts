import { Code, DuplexError } from '../../errors.js';

/** The schemes that grpc-js resolves, and the one that it lacks but that people write. */
const SCHEME = /^(dns|ipv4|ipv6|unix|unix-abstract|xds|ip):/;
const HOST_AND_PORT = /^(?:\[[0-9a-fA-F:.]+(?:%[\w.-]+)?\]|[^\s:/?#@[\]]+):(\d{1,5})$/;

/**
 * Checks an address before grpc-js sees it, which takes nearly anything and
 * then fails late or never. Returns it unchanged. Throws INVALID_ARGUMENT.
 */
export function checkAddress(address: string): string {
  if (SCHEME.test(address)) return address;
  const port = HOST_AND_PORT.exec(address)?.[1];
  if (port !== undefined && Number(port) <= 65_535) return address;
  const hint = /^https?:\/\//.test(address) ? '; leave out the scheme' : '';
  throw new DuplexError(
    'unavailable',
    `"${address}" is not an address: write host:port, [ipv6]:port, unix:path or dns:///name${hint}`,
    { code: Code.INVALID_ARGUMENT },
  );
}
