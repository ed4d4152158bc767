/**
 * How the flood is dealt with:
 *
 * - `wait`: the service waits for its client, and nothing is lost;
 * - `latest`: the contract declares it for the callback, so the service spares a slow client what is older;
 * - `drop-oldest`: the client's loop drops what it has no room for.
 */
export type FloodPolicy = 'wait' | 'latest' | 'drop-oldest';

/** A policy as the command line says it. Throws for a word that is none. */
export function floodPolicy(word = ''): FloodPolicy {
  if (word === 'wait' || word === 'latest' || word === 'drop-oldest') return word;
  throw new Error(`--policy ${word}: write wait, latest or drop-oldest`);
}
