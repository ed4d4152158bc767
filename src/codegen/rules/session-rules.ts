import { optionPaths } from '../model/contract-options.js';
import { positionOf } from '../source/source-element.js';
import { describe, forEachMethod, type Rule } from './rule.js';

/** Without a session there is nobody to call back, and nothing to keep state in. */
export const sessionCarriesCallbacks: Rule = ({ service, session, callback, state }) =>
  session !== 'not-allowed' || (callback ?? state) === undefined
    ? []
    : [
        {
          position: positionOf(service, optionPaths.contract.session),
          rule: 'session-not-allowed',
          message: `${service.name} allows no sessions, but has ${callback === undefined ? 'state' : 'callbacks'}.`,
          hint: 'Use SESSION_MODE_REQUIRED, the default of such a contract, or SESSION_MODE_ALLOWED.',
        },
      ];

/** The first and the last call are told apart only where every call is in a session. */
export const sessionCarriesOrder: Rule = forEachMethod(({ desc, initiating, terminating }, { service, session }) => {
  if (session === 'required' || (initiating && !terminating)) return undefined;
  const [word, path] = initiating
    ? (['terminating', optionPaths.operation.terminating] as const)
    : (['non-initiating', optionPaths.operation.initiating] as const);
  return {
    position: positionOf(desc, path),
    rule: 'session-required',
    message: `${describe(desc)} is ${word}, but ${service.name} does not require a session.`,
    hint: 'Add "session: SESSION_MODE_REQUIRED" to the contract option.',
  };
});

/** Something must be able to start a session. */
export const sessionCanStart: Rule = ({ service, operations }) =>
  operations.some(({ initiating }) => initiating)
    ? []
    : [
        {
          position: positionOf(service),
          rule: 'no-initiating-operation',
          message:
            operations.length === 0
              ? `${service.name} has no operations.`
              : `No operation of ${service.name} may be the first call of a session.`,
          hint: 'Leave at least one operation without "initiating = false".',
        },
      ];
