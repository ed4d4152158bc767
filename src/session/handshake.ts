import { Code, DuplexError, type ErrorKind } from '../errors.js';
import {
  type Credentials,
  type Goodbye,
  Hello,
  type Marks,
  Reason,
  Result,
  Welcome,
} from '../gen/duplex/v1/session.js';
import type { SessionTerms } from './terms.js';

/** The protocol version that this engine speaks. */
const PROTOCOL_VERSION = 1;

/** A feature in a Hello: its client takes items in the frame of the Welcome. */
export const WELCOME_ITEMS = 'welcome-items';

/** What both sides know of a session that goes on over another carrier. */
export interface SessionIdentity {
  readonly sessionId: Uint8Array;
  readonly token: Uint8Array;
  readonly epoch: number;
}

/**
 * Who makes out the identities of a service's session. It is asked for each
 * Welcome: what a session that rests would keep for that are 240 bytes.
 */
export interface Issuer {
  readonly sessionId: Uint8Array;
  /** A new token for the next Welcome. */
  issueToken(): Uint8Array;
}

/** The first message of a client on each carrier; with an identity it asks to resume. */
export function helloFor(
  contract: string,
  openNonce: Uint8Array,
  attempt: number,
  terms: SessionTerms,
  identity: SessionIdentity | undefined,
  marks: Marks,
  credentials: Credentials | undefined,
): Hello {
  return Hello.fromPartial({
    minVersion: PROTOCOL_VERSION,
    maxVersion: PROTOCOL_VERSION,
    contract,
    openNonce,
    attempt,
    terms,
    features: [WELCOME_ITEMS],
    ...(identity && { ...identity, marks }),
    ...(credentials && { credentials }),
  });
}

/** The service's consent to a new session, or to one that goes on: then with its marks. */
export function welcomeFor(identity: SessionIdentity, terms: SessionTerms, marks?: Marks): Welcome {
  const result = marks === undefined ? Result.OPENED : Result.RESUMED;
  return { ...noWelcome, ...identity, result, version: PROTOCOL_VERSION, terms, marks };
}

const noWelcome: Welcome = Object.freeze(Welcome.fromPartial({}));

/** A service's refusal. Unknown session, wrong token and expiry look the same on purpose. */
export function rejectionFor(reason: Reason, retryAfterMs = 0): Welcome {
  return Welcome.fromPartial({ result: Result.REJECTED, reason, version: PROTOCOL_VERSION, retryAfterMs });
}

/** Why a service refuses a Hello, or undefined if it does not. */
export function objectionTo(hello: Hello, contract: string): DuplexError | undefined {
  if (hello.contract !== '' && hello.contract !== contract) {
    return new DuplexError('refused', `this is ${contract}, not ${hello.contract}`, { code: Code.UNIMPLEMENTED });
  }
  if (hello.minVersion > PROTOCOL_VERSION || (hello.maxVersion !== 0 && hello.maxVersion < PROTOCOL_VERSION)) {
    const theirs = `${hello.minVersion} to ${hello.maxVersion}`;
    return new DuplexError('refused', `the client speaks versions ${theirs}, the service ${PROTOCOL_VERSION}`, {
      code: Code.FAILED_PRECONDITION,
    });
  }
  return undefined;
}

/** The error that a rejecting Welcome means for the client. */
export function errorFromRejection({ reason, retryAfterMs }: Welcome): DuplexError {
  const { kind, code, message } = rejections.get(reason) ?? {
    kind: 'refused',
    code: Code.FAILED_PRECONDITION,
    message: `the service refused the session (reason ${reason})`,
  };
  return new DuplexError(kind, message, { code, origin: 'remote', ...(retryAfterMs > 0 ? { retryAfterMs } : {}) });
}

/** What turns a client away from a service that goes away: to be tried again, like one that is not there. */
export function turnedAway({ message, retryAfterMs }: Goodbye): DuplexError {
  const hint = retryAfterMs > 0 ? { retryAfterMs } : {};
  return new DuplexError('unavailable', message, { origin: 'remote', ...hint });
}

interface Rejection {
  readonly kind: ErrorKind;
  readonly code: Code;
  readonly message: string;
}

const rejections: ReadonlyMap<Reason, Rejection> = new Map([
  [Reason.CLOSED, { kind: 'closed', code: Code.FAILED_PRECONDITION, message: 'the service closed the session' }],
  [Reason.UNKNOWN_SESSION, { kind: 'lost', code: Code.NOT_FOUND, message: 'the service no longer knows the session' }],
  [Reason.GAP, { kind: 'lost', code: Code.DATA_LOSS, message: 'what was missed can no longer be replayed' }],
  [Reason.SUPERSEDED, { kind: 'lost', code: Code.ABORTED, message: 'another stream took the session over' }],
  [Reason.OVERLOADED, { kind: 'refused', code: Code.RESOURCE_EXHAUSTED, message: 'the service is at its limits' }],
  [Reason.DRAINING, { kind: 'unavailable', code: Code.UNAVAILABLE, message: 'the service is going away' }],
]);
