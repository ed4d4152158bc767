import type { AuthenticationRequest } from './principal.js';

/**
 * The bearer token that a client shows: in its session, by `sessionCredentials`,
 * else in the `authorization` of its metadata. Undefined if it shows none.
 */
export function bearerToken({
  credentials,
  headers,
}: Pick<AuthenticationRequest, 'credentials' | 'headers'>): string | undefined {
  if (credentials === undefined) return /^bearer +(.+)$/i.exec(headers.get('authorization') ?? '')?.[1];
  return credentials.scheme.toLowerCase() === 'bearer' ? new TextDecoder().decode(credentials.value) : undefined;
}
