import type { MethodInfo } from '../contract/contract.js';
import { Code, DuplexError, Fault, type FaultDetail, textOf } from '../errors.js';
import { CallFault } from '../gen/duplex/v1/session.js';

/** What the peer may know of an error that a handler threw. */
export interface Disclosure {
  /** Whether the peer sees the text of errors that are no faults. */
  readonly includeErrorDetail: boolean;
  /** Makes the id under which such an error is reported here and told there. */
  readonly newErrorId: () => string;
}

/** The fault to send for whatever a handler threw, and the error to report here. */
export function faultFrom(thrown: unknown, disclosure: Disclosure): { fault: CallFault; error: DuplexError } {
  if (thrown instanceof Fault) {
    const { code, message, details, retryAfterMs, executed, origin } = thrown;
    // A fault that came from elsewhere, and is passed on, speaks of another call than this one.
    const notExecuted = executed === 'no' && origin === 'local';
    const fault = { code: isCode(code) ? code : Code.UNKNOWN, message, details: [...details], notExecuted };
    return { fault: CallFault.fromPartial({ ...fault, ...(retryAfterMs && { retryAfterMs }) }), error: thrown };
  }
  const errorId = disclosure.newErrorId();
  const text = textOf(thrown);
  const message = disclosure.includeErrorDetail ? text : `internal error ${errorId}`;
  return {
    fault: CallFault.fromPartial({ code: Code.INTERNAL, message, errorId }),
    error: new DuplexError('fault', `${text} (${errorId})`, {
      code: Code.INTERNAL,
      executed: 'yes',
      errorId,
      cause: thrown,
    }),
  };
}

/** Those details that a method's contract declares; `report` hears of the first other one. */
export function declaredDetails(
  { localName, faults }: MethodInfo,
  details: readonly FaultDetail[],
  report: (error: DuplexError) => void,
): readonly FaultDetail[] {
  const isDeclared = ({ typeUrl }: FaultDetail): boolean =>
    faults.some(({ $type }) => $type === typeUrl.slice(typeUrl.lastIndexOf('/') + 1));
  const stray = details.find((detail) => !isDeclared(detail));
  if (stray === undefined) return details;
  const message = `a fault of ${localName} has a detail that its contract does not declare, so it stays here: ${stray.typeUrl}; declare it by (duplex.v1.operation).faults`;
  report(new DuplexError('fault', message, { code: Code.FAILED_PRECONDITION }));
  return details.filter(isDeclared);
}

/** The error that a received fault means for its caller. */
export function errorFromFault({ code, message, details, errorId, retryAfterMs, notExecuted }: CallFault): Fault {
  return new Fault(
    isCode(code) ? code : Code.UNKNOWN,
    message,
    details.map(({ typeUrl, value }) => ({ typeUrl, value })),
    {
      origin: 'remote',
      executed: notExecuted ? 'no' : 'yes',
      ...(errorId === '' ? {} : { errorId }),
      ...(retryAfterMs === 0 ? {} : { retryAfterMs }),
    },
  );
}

function isCode(code: number): code is Code {
  return Number.isInteger(code) && code > Code.OK && code <= Code.UNAUTHENTICATED;
}
