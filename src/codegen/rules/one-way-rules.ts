import { methodPaths, optionPaths } from '../model/contract-options.js';
import { positionOf } from '../source/source-element.js';
import { describe, forEachMethod } from './rule.js';

const twoWay = 'set (duplex.v1.operation).one_way = false';

/** A reply that is never sent must not be declared. */
export const oneWayReturnsNothing = forEachMethod(({ desc, shape }) =>
  shape !== 'one-way' || desc.output.typeName === 'google.protobuf.Empty'
    ? undefined
    : {
        position: positionOf(desc, methodPaths.output),
        rule: 'one-way-result',
        message: `${describe(desc)} is one-way, but returns ${desc.output.name}.`,
        hint: `Return google.protobuf.Empty, or ${twoWay}.`,
      },
);

/** A fault is an answer, and a one-way call has none. */
export const oneWayFaultsNothing = forEachMethod(({ desc, shape, faults }) =>
  shape !== 'one-way' || faults.length === 0
    ? undefined
    : {
        position: positionOf(desc, optionPaths.operation.faults),
        rule: 'one-way-faults',
        message: `${describe(desc)} is one-way, so nobody would see its faults.`,
        hint: `Drop "faults", or ${twoWay}.`,
      },
);

/** A one-way call is one message. */
export const oneWayIsOneMessage = forEachMethod(({ desc, shape }) =>
  shape !== 'one-way' || desc.methodKind === 'unary'
    ? undefined
    : {
        position: positionOf(desc),
        rule: 'one-way-stream',
        message: `${describe(desc)} is one-way, but streams.`,
        hint: `Drop "stream", or ${twoWay}.`,
      },
);

/** Only what nobody answers, and what the service sends, can be left out for a slow client. */
export const deliveryIsOneWayCallback = forEachMethod(({ desc, kind, shape, delivery }) =>
  delivery === 'reliable' || (kind === 'callback' && shape === 'one-way')
    ? undefined
    : {
        position: positionOf(desc, optionPaths.operation.delivery),
        rule: 'delivery-shape',
        message: `${describe(desc)} is not a one-way callback, so it is always delivered.`,
        hint: 'Drop "delivery", or make it a one-way method of the callback service.',
      },
);
