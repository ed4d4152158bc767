import type { MethodShape } from '../../contract/contract.js';
import type { Finding } from '../finding.js';
import { type MethodModel, methodsOf } from '../model/contract-model.js';
import { callingSide } from '../model/envelopes.js';
import { recordedNumber } from '../numbers/contract-record.js';
import { describe } from '../rules/rule.js';
import { positionOf } from '../source/source-element.js';
import type { ContractVersion } from './contract-versions.js';

/**
 * What a contract must not do between two versions, beyond what a comparison
 * of the wire protos sees: a number must go on meaning the same method, and a
 * method must stay a message or a stream. Methods may come, go, change places,
 * and become one-way or two-way.
 */
export function compareVersions(
  before: ReadonlyMap<string, ContractVersion>,
  now: ReadonlyMap<string, ContractVersion>,
): readonly Finding[] {
  return [...now].flatMap(([name, version]) => {
    const former = before.get(name);
    if (former === undefined || !former.record.known) return [];
    return methodsOf(version.contract).flatMap((method) => {
      const number = recordedNumber(method, version.record);
      if (number === undefined) return [];
      return [...findNumber(method, number, former), ...findShape(method, number, former)].slice(0, 1);
    });
  });
}

function findNumber(method: MethodModel, number: number, former: ContractVersion): readonly Finding[] {
  const own = recordedNumber(method, former.record);
  const rule = 'evolution-number';
  if (own !== undefined && own !== number) {
    return [
      {
        position: positionOf(method.desc),
        rule,
        message: `${describe(method.desc)} had number ${own}, and has ${number} now.`,
        hint: `Restore ${own} in the wire proto, or set (duplex.v1.operation).number = ${own}.`,
      },
    ];
  }
  const owner = ownerOf(number, former);
  if (owner === undefined || own !== undefined || method.explicitNumber === number) return [];
  return [
    {
      position: positionOf(method.desc),
      rule,
      message: `${describe(method.desc)} has number ${number}, which was that of ${describe(owner.desc)}.`,
      hint: 'Delete its lines in the wire proto, restore those of the other, and generate again: it gets a new number.',
    },
  ];
}

function findShape(method: MethodModel, number: number, former: ContractVersion): readonly Finding[] {
  const owner = ownerOf(number, former);
  if (owner === undefined || owner.kind !== method.kind || carrierOf(owner.shape) === carrierOf(method.shape))
    return [];
  return [
    {
      position: positionOf(method.desc),
      rule: 'evolution-shape',
      message: `${describe(method.desc)} was ${owner.shape}, and is ${method.shape} now.`,
      hint: 'Add a method for it, and leave this one as it was.',
    },
  ];
}

/** Whether a call has a reply may change: who wants none says so in the call. */
function carrierOf(shape: MethodShape): MethodShape {
  return shape === 'one-way' ? 'request-reply' : shape;
}

function ownerOf(number: number, { contract, record }: ContractVersion): MethodModel | undefined {
  return methodsOf(contract).find((method) =>
    record[callingSide(method)].arms.some((arm) => arm.name === method.armName && arm.number === number),
  );
}
