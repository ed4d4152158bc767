import type { PeerCertificate } from 'node:tls';

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

/** Whether a principal may invoke an operation. Answered at once, for every call; false is PERMISSION_DENIED. */
export type Authorize<Who> = (request: AccessRequest<Who>) => boolean;
