import type { MethodInfo } from '../contract/contract.js';
import { Code, DuplexError, Fault, type FaultDetail, textOf } from '../errors.js';
import { CallFault } from '../gen/duplex/v1/session.js';
import { isPromiseLike } from '../observability/hook.js';

/** What the peer may know of an error that a handler threw. */
export interface Disclosure {
  /** Whether the peer sees the text of errors that are no faults. */
  readonly includeErrorDetail: boolean;
  /** Makes the id under which such an error is reported here and told there. */
  readonly newErrorId: () => string;
}

/** An error, no fault, of something that comes before the handler of a call: its cause. */
class NotRun extends DuplexError {
  constructor(cause: unknown) {
    super('fault', textOf(cause), { code: Code.INTERNAL, cause });
  }
}

/**
 * Does what comes before the handler of a call, such as to ask `authorize`.
 * What this throws, or rejects with, says that nothing of the call has run.
 */
export function beforeHandler<Result>(step: () => Result | PromiseLike<Result>): Result | Promise<Result> {
  try {
    const result = step();
    return isPromiseLike(result) ? Promise.resolve(result).catch(notRun) : result;
  } catch (error) {
    return notRun(error);
  }
}

function notRun(thrown: unknown): never {
  if (!(thrown instanceof Fault)) throw new NotRun(thrown);
  const { code, message, details, retryAfterMs } = thrown;
  const hint = retryAfterMs === undefined ? {} : { retryAfterMs };
  throw new Fault(code, message, details, { executed: 'no', cause: thrown, ...hint });
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
  const notExecuted = thrown instanceof NotRun;
  return {
    fault: CallFault.fromPartial({ code: Code.INTERNAL, message, errorId, notExecuted }),
    error: new DuplexError('fault', `${text} (${errorId})`, {
      code: Code.INTERNAL,
      executed: notExecuted ? 'no' : 'yes',
      errorId,
      cause: notExecuted ? thrown.cause : thrown,
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
