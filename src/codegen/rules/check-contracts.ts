import type { FileRegistry } from '@bufbuild/protobuf';
import type { Finding } from '../finding.js';
import type { ContractModel } from '../model/contract-model.js';
import { callbackHasMethods, callbackIsAnother, callbackIsKnown, callbackIsNotHosted } from './callback-rules.js';
import { armsDiffer, namesDifferInEveryCase, namesSuitProxies } from './name-rules.js';
import {
  deliveryIsOneWayCallback,
  oneWayFaultsNothing,
  oneWayIsOneMessage,
  oneWayReturnsNothing,
} from './one-way-rules.js';
import type { Rule } from './rule.js';
import { sessionCanStart, sessionCarriesCallbacks, sessionCarriesOrder } from './session-rules.js';
import { faultsAreKnown, stateIsKnown } from './type-rules.js';
import { findTakenWireNames } from './wire-name-rules.js';

/** Everything that a single contract must satisfy, its numbers apart. */
const rules: readonly Rule[] = [
  ...[callbackIsKnown, callbackIsAnother, callbackHasMethods, callbackIsNotHosted],
  ...[stateIsKnown, faultsAreKnown],
  ...[sessionCarriesCallbacks, sessionCarriesOrder, sessionCanStart],
  ...[oneWayReturnsNothing, oneWayFaultsNothing, oneWayIsOneMessage, deliveryIsOneWayCallback],
  ...[namesDifferInEveryCase, armsDiffer, namesSuitProxies],
];

/** All findings about contracts that are used together, except about their numbers and their messages. */
export function checkContracts(contracts: readonly ContractModel[], registry: FileRegistry): readonly Finding[] {
  return [
    ...contracts.flatMap((contract) => rules.flatMap((rule) => rule(contract))),
    ...findTakenWireNames(contracts, registry),
  ];
}
