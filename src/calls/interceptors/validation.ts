import { Code, Fault } from '../../errors.js';
import type { Interceptor, MessagePlace } from './interceptor.js';

/**
 * Refuses messages that come in with INVALID_ARGUMENT: `objection` says what is
 * wrong with one, or nothing. A bad request is the caller's failure, a bad
 * reply or item fails the call here.
 */
export function validation(objection: (message: unknown, place: MessagePlace) => string | undefined): Interceptor {
  return {
    message(message, place) {
      const text = place.direction === 'in' ? objection(message, place) : undefined;
      if (text !== undefined) throw new Fault(Code.INVALID_ARGUMENT, text);
      return message;
    },
  };
}
