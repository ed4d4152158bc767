import { optionPaths } from '../model/contract-options.js';
import { positionOf } from '../source/source-element.js';
import type { Rule } from './rule.js';

/** The callback service must exist where the contract can see it. */
export const callbackIsKnown: Rule = ({ service, callback }) =>
  callback === undefined || callback.target !== undefined
    ? []
    : [
        {
          position: positionOf(service, optionPaths.contract.callback),
          rule: 'callback-unknown',
          message: `${service.name} names the callback service "${callback.name}", which is not declared.`,
          hint: 'Declare it in this file, or import the file that declares it.',
        },
      ];

/** A service cannot be its own callback contract. */
export const callbackIsAnother: Rule = ({ service, callback }) =>
  callback?.target !== service
    ? []
    : [
        {
          position: positionOf(service, optionPaths.contract.callback),
          rule: 'callback-self',
          message: `${service.name} names itself as its callback service.`,
          hint: 'Declare a second service with the methods that the service invokes on the client.',
        },
      ];

/** A callback contract without callbacks is most likely unfinished. */
export const callbackHasMethods: Rule = ({ service, callback }) =>
  callback?.target === undefined || callback.target.methods.length > 0
    ? []
    : [
        {
          position: positionOf(callback.target),
          rule: 'callback-empty',
          message: `${callback.target.name}, the callback service of ${service.name}, has no methods.`,
          hint: 'Add a callback, or drop "callback" from the contract option.',
        },
      ];

/** A service is hosted or called back, so that nobody hosts a callback contract by mistake. */
export const callbackIsNotHosted: Rule = ({ service, callback, callbackIsContract }) =>
  callback?.target === undefined || !callbackIsContract
    ? []
    : [
        {
          position: positionOf(callback.target, optionPaths.contract.all),
          rule: 'callback-is-contract',
          message: `${callback.target.name} is the callback service of ${service.name} and a contract itself.`,
          hint: 'Replace (duplex.v1.contract) with (duplex.v1.callback), or declare a second service.',
        },
      ];
