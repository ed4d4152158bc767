import type { PeerCertificate } from 'node:tls';
import { anObject, badOption } from '../../calls/resolve-options.js';

/** Who a client is, as the host's `authenticate` found out; with whatever else the application wants to know of it. */
export interface Principal {
  /** The same for every session of one client: a session is resumed by the principal that opened it. */
  readonly id: string;
  /**
   * When the credentials end that showed it. Before that the client is asked for
   * fresh ones, see `credentialsLeadMs`; one that shows none has to come back
   * over a new connection.
   */
  readonly expiresAt?: Date | undefined;
}

/** What a client shows when it opens a stream, and when it shows fresh credentials on one. */
export interface AuthenticationRequest {
  /** Full name of the contract that it wants. */
  readonly contract: string;
  /** Its address, as the connection shows it. */
  readonly peer: string;
  /** The text entries of the stream's metadata, by their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Its certificate, if TLS asked for one and an authority that the host knows has signed it. */
  readonly certificate: PeerCertificate | undefined;
  /** What it says of itself in the session, in its Hello or later. No proxy on the way has seen it: verify it. */
  readonly credentials: { readonly scheme: string; readonly value: Uint8Array } | undefined;
}

/**
 * Finds out who a client is, for each stream that it opens, before anything is
 * kept for it, and again for fresh credentials that it shows in its session.
 * Undefined means that its credentials are bad; a Fault that is thrown is told
 * to it as it is. Both end the stream at once; in a session, where the old
 * credentials are still good, only UNAUTHENTICATED and PERMISSION_DENIED do.
 */
export type Authenticate<Who extends Principal | undefined> = (
  request: AuthenticationRequest,
) => Who | undefined | PromiseLike<Who | undefined>;

/** An operation that a principal wants to invoke. */
export interface AccessRequest<Who> {
  readonly principal: Who;
  /** Full name of the contract. */
  readonly contract: string;
  /** Name of the operation in the proto, as the contract has it: what a client sends is resolved before. */
  readonly operation: string;
}

/**
 * Whether a principal may invoke an operation, asked for every call. False is
 * PERMISSION_DENIED; what is neither true nor false permits nothing, and goes
 * to `onError`. A call whose verdict is a promise waits for it, with its turn.
 */
export type Authorize<Who> = (request: AccessRequest<Who>) => boolean | PromiseLike<boolean>;

/**
 * The principal that `authenticate` returned; undefined if it returned nothing,
 * or something like it. Throws INVALID_ARGUMENT, naming the field, for what the
 * host could not tell clients apart by, or could not see the end of.
 */
export function principalOf(verdict: unknown): Principal | undefined {
  if (!verdict) return undefined;
  const of = 'principal that authenticate returned';
  if (!anObject.fits(verdict)) throw badOption(`the ${of}`, verdict, 'an object with an id, or undefined');
  const { id, expiresAt } = verdict as Readonly<Record<keyof Principal, unknown>>;
  if (typeof id !== 'string' || id === '')
    throw badOption(
      `the id of the ${of}`,
      id,
      'a text that is the same for all sessions of one client, and of no other',
    );
  if (expiresAt !== undefined && !isDate(expiresAt))
    throw badOption(`the expiresAt of the ${of}`, expiresAt, 'a Date, or leave it out');
  return verdict as Principal;
}

/** Also one of another realm, as test runners have them. */
function isDate(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Date]' && Number.isFinite((value as Date).getTime());
}
