import type { DescMessage } from '@bufbuild/protobuf';
import type { ContractModel } from '../model/contract-model.js';
import { armsOf, type EnvelopeArm, type EnvelopeSide } from '../model/envelopes.js';
import { type ContractNumbers, numberOf, type Reservation } from '../numbers/assign-numbers.js';
import { lastNumber } from '../numbers/wire-record.js';
import { commentOf } from '../source.js';
import { indent, type Lines, separate } from './text.js';

/** How the file that is printed refers to types of other files. */
export interface TypeNaming {
  /** A message that the contract uses. */
  message(desc: DescMessage): string;
  /** A message of duplex/v1/session.proto. */
  session(name: string): string;
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
    indent(...separate([printReserved(numbers.reserved[side]), printFrame(name, types), printContent()])),
    '}',
  ];

  function printContent(): Lines {
    const arms = armsOf(contract, side).toSorted((a, b) => number(a) - number(b));
    return [
      '// What the item says. Numbers below 100 belong to the library.',
      'oneof content {',
      indent(
        ...libraryArms.map(([type, field, no]) => `${types.session(type)} ${field} = ${no};`),
        side === 'server' && contract.state?.target !== undefined
          ? ['// The state of the session.', `${types.message(contract.state.target)} state = 21;`]
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

/** Arms of every envelope: type, name and number. */
const libraryArms = [
  ['Control', 'control', 16],
  ['CallOpen', 'call_open', 17],
  ['CallComplete', 'call_complete', 18],
  ['CallCancel', 'call_cancel', 19],
  ['CallFault', 'call_fault', 20],
] as const;

function printFrame(name: string, types: TypeNaming): Lines {
  return [
    '// Number of the item; 0: a control, a bare acknowledgement, or no session.',
    '// Inside `more` it is not set, and neither are the next two.',
    'uint64 seq = 1;',
    '// Highest number received without a gap.',
    'uint64 ack = 2;',
    '// How many of the acknowledged items are not dispatched yet.',
    'uint32 backlog = 3;',
    '// A call that the sender started; 0: no answer is wanted.',
    'uint64 call_id = 4;',
    '// A call that the receiver started, and that this item answers.',
    'uint64 reply_to = 5;',
    '// How long the sender waits for the answer; 0: as long as it takes.',
    'uint32 timeout_ms = 6;',
    '// Headers and trace of the call.',
    `${types.session('Context')} context = 7;`,
    '// Further items of this frame, numbered on from seq. Only in sessions, and never nested.',
    `repeated ${name} more = 15;`,
  ];
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
