import { status as GrpcStatus, type StatusObject } from '@grpc/grpc-js';
import { Code, DuplexError, type ErrorKind } from '../../errors.js';

/**
 * What a status that ended a stream means for its session. A CANCELLED that was
 * not local is what clients see when a grpc-js server is forced down, so it is
 * a lost connection like UNAVAILABLE.
 */
export function errorFromStatus(
  { code, details }: Pick<StatusObject, 'code' | 'details'>,
  address: string,
): DuplexError {
  return new DuplexError(kindOf(code), `${address}: ${details === '' ? GrpcStatus[code] : details}`, {
    code: code as Code,
    origin: 'remote',
  });
}

function kindOf(code: number): ErrorKind {
  switch (code) {
    case Code.CANCELLED:
    case Code.UNKNOWN:
    case Code.UNAVAILABLE:
    case Code.INTERNAL:
      return 'lost';
    case Code.DEADLINE_EXCEEDED:
      return 'timeout';
    case Code.INVALID_ARGUMENT:
    case Code.DATA_LOSS:
      return 'protocol';
    default:
      return 'refused';
  }
}

/** A text as a status can carry it: half of a surrogate pair, which grpc-js throws for, is replaced. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
