import type { Finding } from '../finding.js';
import type { ContractModel, MethodModel } from '../model/contract-model.js';
import { armsOf, type EnvelopeArm, type EnvelopeSide } from '../model/envelopes.js';
import { toCamelCase } from '../model/names.js';
import { positionOf } from '../source/source-element.js';
import { describe, forEachMethod, type Rule } from './rule.js';

/** Names that every envelope has without the contract: fields of the frame, the oneof, and the library's arms. */
const libraryNames = [
  ...['seq', 'ack', 'backlog', 'call_id', 'reply_to', 'timeout_ms', 'context', 'more', 'content'],
  ...['control', 'call_open', 'call_complete', 'call_cancel', 'call_fault'],
];

/** What JavaScript itself, or the library, looks for on any object: as a call it would surprise. */
const objectNames: ReadonlySet<string> = new Set([
  ...['then', 'catch', 'finally', 'constructor', 'prototype', 'toString', 'toLocaleString', 'valueOf'],
  ...['hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable', 'dispose'],
]);

/** Two methods of one service must stay two when their names are written in another case. */
export const namesDifferInEveryCase: Rule = ({ operations, callbacks }) => [
  ...findSameCase(operations),
  ...findSameCase(callbacks),
];

function findSameCase(methods: readonly MethodModel[]): readonly Finding[] {
  return methods.flatMap((method, index) => {
    const first = methods.slice(0, index).find(({ localName }) => localName === method.localName);
    if (first === undefined) return [];
    return {
      position: positionOf(method.desc),
      rule: 'name-case',
      message: `${describe(method.desc)} and ${describe(first.desc)} are both "${method.localName}" in code.`,
      hint: 'Rename one of them.',
    };
  });
}

/** No arm of an envelope may be called like another field of it. */
export const armsDiffer: Rule = (contract) => [
  ...findTakenArms(contract, 'client', libraryNames),
  ...findTakenArms(contract, 'server', contract.state === undefined ? libraryNames : [...libraryNames, 'state']),
];

function findTakenArms(contract: ContractModel, side: EnvelopeSide, library: readonly string[]): readonly Finding[] {
  const arms = armsOf(contract, side);
  const ofLibrary = new Set(library.map(toCamelCase));
  const requests = new Map(
    arms.filter(({ role }) => role === 'request').map(({ name, method }) => [toCamelCase(name), method]),
  );
  return arms.flatMap((arm) => {
    const name = toCamelCase(arm.name);
    if (ofLibrary.has(name)) return armIsTaken(arm, side, 'the library');
    const request = arm.role === 'answer' ? requests.get(name) : undefined;
    return request === undefined ? [] : armIsTaken(arm, side, describe(request.desc));
  });
}

function armIsTaken({ name, role, method }: EnvelopeArm, side: EnvelopeSide, owner: string): Finding {
  const use = role === 'answer' ? 'for its answers ' : '';
  return {
    position: positionOf(method.desc),
    rule: 'name-arm',
    message: `${describe(method.desc)} ${use}needs the field "${name}" in the ${side} envelope, as does ${owner}.`,
    hint: 'Rename the method.',
  };
}

/** A proxy with a member `then` would be awaited instead of called, and the like. */
export const namesSuitProxies: Rule = forEachMethod(({ desc, localName }) =>
  objectNames.has(localName)
    ? {
        position: positionOf(desc),
        rule: 'name-proxy',
        message: `${describe(desc)} would be "${localName}" in code, which has a meaning on every object.`,
        hint: 'Rename the method.',
      }
    : undefined,
);
