import { Code, DuplexError } from '../errors.js';
import { Hello, Reason, Result, Welcome } from '../gen/duplex/v1/session.js';
import type { SessionTerms } from './terms.js';

/** The protocol version that this engine speaks. */
export const PROTOCOL_VERSION = 1;

/** The first message of a session's client. */
export function helloFor(contract: string, openNonce: Uint8Array, terms: SessionTerms): Hello {
  return Hello.fromPartial({
    minVersion: PROTOCOL_VERSION,
    maxVersion: PROTOCOL_VERSION,
    contract,
    openNonce,
    attempt: 1,
    terms,
  });
}

/** The service's consent to a new session. */
export function welcomeFor(sessionId: Uint8Array, terms: SessionTerms): Welcome {
  return Welcome.fromPartial({ result: Result.OPENED, version: PROTOCOL_VERSION, sessionId, epoch: 1, terms });
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
  if (hello.sessionId.length > 0) {
    return new DuplexError('refused', 'no such session: open a new one', { code: Code.NOT_FOUND });
  }
  return undefined;
}

/** The error that a rejecting Welcome means for the client. */
export function rejection(welcome: Welcome): DuplexError {
  const code = welcome.reason === Reason.OVERLOADED ? Code.RESOURCE_EXHAUSTED : Code.FAILED_PRECONDITION;
  return new DuplexError('refused', `the service refused the session (reason ${welcome.reason})`, {
    code,
    origin: 'remote',
    ...(welcome.retryAfterMs > 0 ? { retryAfterMs: welcome.retryAfterMs } : {}),
  });
}
