import type { Finding } from '../finding.js';
import { type ContractModel, type MethodModel, methodsOf } from '../model/contract-model.js';
import { optionPaths } from '../model/contract-options.js';
import { armsOf, callingSide, type EnvelopeSide } from '../model/envelopes.js';
import { describe } from '../rules/rule.js';
import { positionOf } from '../source/source-element.js';
import { type ContractNumbers, numberOf, protobufNumbers } from './assign-numbers.js';
import { type ContractRecord, recordedArms, recordedNumber } from './contract-record.js';
import { contains } from './number-set.js';
import { firstNumber, lastNumber } from './wire-record.js';

const hint = 'Leave the number out to take the next free one.';

/** What may be wrong with the numbers that a contract asks for, given those that it had. */
export function checkNumbers(
  contract: ContractModel,
  record: ContractRecord,
  numbers: ContractNumbers,
): readonly Finding[] {
  const methods = methodsOf(contract);
  return [
    ...methods.flatMap((method) => findOutOfRange(method)),
    ...methods.flatMap((method) => findTwice(method, methods, numbers)),
    ...methods.flatMap((method) => findReusedNumber(method, contract, record, numbers)),
    ...methods.flatMap((method) => findReusedName(method, contract, record, numbers)),
  ];
}

function findOutOfRange(method: MethodModel): readonly Finding[] {
  const { explicitNumber } = method;
  if (explicitNumber === undefined) return [];
  const inRange = firstNumber <= explicitNumber && explicitNumber <= lastNumber;
  if (inRange && !contains([protobufNumbers], explicitNumber)) return [];
  return [
    {
      ...numberFinding(method, 'number-range'),
      message: `${describe(method.desc)} asks for number ${explicitNumber}, which is not one of a contract.`,
      hint: `Numbers are ${firstNumber} to ${lastNumber}, without ${protobufNumbers.first} to ${protobufNumbers.last}.`,
    },
  ];
}

/** Said of the method that asks; of two that ask, of the second. */
function findTwice(method: MethodModel, all: readonly MethodModel[], numbers: ContractNumbers): readonly Finding[] {
  if (method.explicitNumber === undefined) return [];
  const rivals = all.filter((other) => other !== method && numberOf(numbers, other) === method.explicitNumber);
  const other = rivals.find((rival) => rival.explicitNumber === undefined || all.indexOf(rival) < all.indexOf(method));
  if (other === undefined) return [];
  return [
    {
      ...numberFinding(method, 'number-twice'),
      message: `${describe(method.desc)} asks for number ${method.explicitNumber}, which ${describe(other.desc)} has.`,
      hint,
    },
  ];
}

/** A number of something removed may only be asked for by what it was renamed to. */
function findReusedNumber(
  method: MethodModel,
  contract: ContractModel,
  record: ContractRecord,
  numbers: ContractNumbers,
): readonly Finding[] {
  const { explicitNumber: number } = method;
  if (number === undefined || number === recordedNumber(method, record)) return [];
  // A method that became one-way has its number reserved for answers only: it still is that method's.
  const live = recordedArms(record).some((arm) => arm.number === number);
  const reserved =
    !live && [record.client, record.server].some(({ reservedNumbers }) => contains(reservedNumbers, number));
  if (!reserved && !wasAnothers(method, number, contract, record, numbers)) return [];
  return [
    {
      ...numberFinding(method, 'number-reused'),
      message: `${describe(method.desc)} asks for number ${number}, which another method had.`,
      hint,
    },
  ];
}

/** Whether an arm that leaves the number now, removed or moved, is another one than the method under its old name. */
function wasAnothers(
  method: MethodModel,
  number: number,
  contract: ContractModel,
  record: ContractRecord,
  numbers: ContractNumbers,
): boolean {
  return (['client', 'server'] as const).some((side) => {
    const former = record[side].arms.find((arm) => arm.number === number);
    if (former === undefined) return false;
    const owner = armsOf(contract, side).find(({ name }) => name === former.name)?.method;
    if (owner !== undefined) return owner !== method && numberOf(numbers, owner) !== number;
    const isAnswer = side !== callingSide(method);
    // A method that is one-way now has nothing in the place of its former answers.
    if (isAnswer && method.answerName === undefined) return false;
    const successor = isAnswer ? method.desc.output : method.desc.input;
    return former.type.split('.').at(-1) !== successor.name;
  });
}

/** A reserved name, or that of an arm which is about to go, means something to clients that are still in use. */
function findReusedName(
  method: MethodModel,
  contract: ContractModel,
  record: ContractRecord,
  numbers: ContractNumbers,
): readonly Finding[] {
  const own = recordedNumber(method, record);
  for (const side of ['client', 'server'] as const) {
    const { arms, reservedNames } = record[side];
    const name = armsOf(contract, side).find((arm) => arm.method === method)?.name ?? '';
    const former = arms.find((arm) => arm.name === name)?.number;
    const reserved = reservedNames.includes(name) && own === undefined;
    const moved = former !== undefined && former !== own && former !== numberOf(numbers, method);
    if (reserved || moved) return [reusedName(method, name, side, record)];
  }
  return [];
}

function reusedName({ desc }: MethodModel, name: string, side: EnvelopeSide, { file }: ContractRecord): Finding {
  return {
    position: positionOf(desc),
    rule: 'name-reused',
    message: `${describe(desc)} needs the field "${name}" in the ${side} envelope, which a removed method had.`,
    hint: `Choose another name; if the removal was never released, restore the arms of the method in ${file}.`,
  };
}

function numberFinding<Rule>(method: MethodModel, rule: Rule) {
  return { position: positionOf(method.desc, optionPaths.operation.number), rule };
}
