import type { DescMessage } from '@bufbuild/protobuf';
import type { ContractModel } from '../model/contract-model.js';
import {
  armsOf,
  type EnvelopeArm,
  type EnvelopeSide,
  frameFields,
  type LibraryField,
  libraryArms,
  type SessionMessage,
  stateArm,
} from '../model/envelopes.js';
import { type ContractNumbers, numberOf, type Reservation } from '../numbers/assign-numbers.js';
import { lastNumber } from '../numbers/wire-record.js';
import { commentOf } from '../source/source-element.js';
import { indent, type Lines, separate } from './text.js';

/** How the file that is printed refers to types of other files. */
export interface TypeNaming {
  /** A message that the contract uses. */
  message(desc: DescMessage): string;
  /** A message of duplex/v1/session.proto. */
  session(name: SessionMessage): string;
}

/**
 * One envelope: a frame of one item, and further items in `more`. Fields 1 to
 * 7 and 15 to 21 are the same in every contract; its own arms start at 100 and
 * stand in the order of their numbers, so that reordering a contract changes
 * nothing.
 */
export function printEnvelope(
  name: string,
  side: EnvelopeSide,
  contract: ContractModel,
  numbers: ContractNumbers,
  types: TypeNaming,
): Lines {
  const { name: service } = contract.service;
  return [
    side === 'client' ? `// What a client sends to ${service}.` : `// What ${service} sends to a client.`,
    `message ${name} {`,
    indent(...separate([printReserved(numbers.reserved[side]), printFields(frameFields), printContent()])),
    '}',
  ];

  function printFields(fields: readonly LibraryField[]): Lines {
    return fields.flatMap((field) => printField(field, name, types));
  }

  function printContent(): Lines {
    const arms = armsOf(contract, side).toSorted((a, b) => number(a) - number(b));
    return [
      '// What the item says. Numbers below 100 belong to the library.',
      'oneof content {',
      indent(
        ...printFields(libraryArms),
        side === 'server' && contract.state?.target !== undefined
          ? [
              '// The state of the session.',
              `${types.message(contract.state.target)} ${stateArm.name} = ${stateArm.number};`,
            ]
          : undefined,
        ...arms.map((arm) => [
          ...armComment(arm).map((line) => `// ${line}`.trimEnd()),
          `${types.message(arm.message)} ${arm.name} = ${number(arm)}${arm.method.desc.deprecated ? ' [deprecated = true]' : ''};`,
        ]),
      ),
      '}',
    ];
  }

  function number({ method }: EnvelopeArm): number {
    return numberOf(numbers, method);
  }
}

function printField({ type, name, number, comment = [] }: LibraryField, envelope: string, types: TypeNaming): Lines {
  const shown =
    type === 'more' ? `repeated ${envelope}` : type === 'uint32' || type === 'uint64' ? type : types.session(type);
  return [...comment.map((line) => `// ${line}`), `${shown} ${name} = ${number};`];
}

function printReserved({ numbers, names }: Reservation): Lines {
  const ranges = numbers.map(({ first, last }) => {
    if (first === last) return `${first}`;
    return `${first} to ${last === lastNumber ? 'max' : last}`;
  });
  return [
    ranges.length > 0 ? `reserved ${ranges.join(', ')};` : undefined,
    names.length > 0 ? `reserved ${names.map((name) => `"${name}"`).join(', ')};` : undefined,
  ];
}

function armComment({ role, method }: EnvelopeArm): readonly string[] {
  return role === 'answer' ? [`Answers ${method.armName}.`] : commentOf(method.desc);
}
