import type { Finding } from '../finding.js';
import { methodsOf } from '../model/contract-model.js';
import { optionPaths } from '../model/contract-options.js';
import { positionOf } from '../source/source-element.js';
import { describe, type Rule } from './rule.js';

const hint = 'Declare the message in this file, or import the file that declares it; nested ones are "Outer.Inner".';

/** The state must be a message that the contract can see. */
export const stateIsKnown: Rule = ({ service, state }) =>
  state === undefined || state.target !== undefined
    ? []
    : [
        {
          position: positionOf(service, optionPaths.contract.state),
          rule: 'state-unknown',
          message: `${service.name} names the state "${state.name}", which is not a known message.`,
          hint,
        },
      ];

/** Each fault must be a message that the contract can see. */
export const faultsAreKnown: Rule = (contract) =>
  methodsOf(contract).flatMap(({ desc, faults }) =>
    faults
      .filter(({ target }) => target === undefined)
      .map(
        ({ name }): Finding => ({
          position: positionOf(desc, optionPaths.operation.faults),
          rule: 'fault-unknown',
          message: `${describe(desc)} names the fault "${name}", which is not a known message.`,
          hint,
        }),
      ),
  );
