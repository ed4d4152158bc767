import { type ContractModel, type MethodModel, methodsOf } from '../model/contract-model.js';
import { armsOf, type EnvelopeSide } from '../model/envelopes.js';
import { type ContractRecord, recordedArms, recordedNumber } from './contract-record.js';
import { contains, type NumberSet, numberSet, union, without } from './number-set.js';
import { firstNumber } from './wire-record.js';

/** What an envelope must never use again. */
export interface Reservation {
  readonly numbers: NumberSet;
  readonly names: readonly string[];
}

/** The numbers of a contract's methods, and what is reserved in each envelope. */
export interface ContractNumbers {
  readonly ofMethod: ReadonlyMap<MethodModel, number>;
  readonly reserved: Readonly<Record<EnvelopeSide, Reservation>>;
}

/** Numbers that protobuf keeps for itself. */
export const protobufNumbers = { first: 19_000, last: 19_999 } as const;

/**
 * Gives each method its number: the one it asks for, else the one it had, else
 * the lowest that was never taken. Nothing is ever taken back, so the order of
 * the methods means nothing, and what is gone stays reserved.
 */
export function assignNumbers(contract: ContractModel, record: ContractRecord): ContractNumbers {
  const methods = methodsOf(contract);
  const fixed = methods.map((method) => [method, method.explicitNumber ?? recordedNumber(method, record)] as const);
  const ever = everTaken(record);
  const taken = new Set(fixed.map(([, number]) => number));
  let next = firstNumber;
  const takeFree = () => {
    while (taken.has(next) || contains([...ever, protobufNumbers], next)) next++;
    taken.add(next);
    return next;
  };
  const ofMethod = new Map(fixed.map(([method, number]) => [method, number ?? takeFree()]));
  return {
    ofMethod,
    reserved: {
      client: reserve(contract, record, ofMethod, 'client'),
      server: reserve(contract, record, ofMethod, 'server'),
    },
  };
}

/** The number of a method; every method of the contract has one. */
export function numberOf(numbers: ContractNumbers, method: MethodModel): number {
  const number = numbers.ofMethod.get(method);
  if (number === undefined) throw new Error(`${method.desc.name} is a method of another contract`);
  return number;
}

/** Everything that either envelope has, or had: a number means one method in both. */
function everTaken(record: ContractRecord): NumberSet {
  const arms = numberSet(recordedArms(record).map(({ number }) => number));
  return union(record.client.reservedNumbers, record.server.reservedNumbers, arms);
}

/** A removed method leaves its number reserved in both envelopes, and its names in those that had them. */
function reserve(
  contract: ContractModel,
  record: ContractRecord,
  ofMethod: ReadonlyMap<MethodModel, number>,
  side: EnvelopeSide,
): Reservation {
  const live = armsOf(contract, side);
  const { arms, reservedNumbers, reservedNames } = record[side];
  const ofNobody = without(everTaken(record), ofMethod.values());
  const had = numberSet(arms.map(({ number }) => number));
  const liveNumbers = live.map(({ method }) => ofMethod.get(method) ?? 0);
  const names = new Set([...reservedNames, ...arms.map(({ name }) => name)]);
  for (const { name } of live) names.delete(name);
  return {
    numbers: without(union(ofNobody, reservedNumbers, had), liveNumbers),
    names: [...names].sort(),
  };
}
