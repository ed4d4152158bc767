import type { DescMessage } from '@bufbuild/protobuf';
import type { ContractModel, MethodModel } from './contract-model.js';

/** A field that both envelopes of every contract have; messages are those of duplex/v1/session.proto. */
export interface LibraryField {
  readonly type: 'uint64' | 'uint32' | 'more' | SessionMessage;
  readonly name: string;
  readonly number: number;
  readonly comment?: readonly string[];
}

/** What an envelope holds of session.proto. */
export type SessionMessage = 'Context' | 'Control' | 'CallOpen' | 'CallComplete' | 'CallCancel' | 'CallFault';

/** The fields beside the oneof, which number an item and say which call it belongs to. */
export const frameFields: readonly LibraryField[] = [
  {
    ...{ type: 'uint64', name: 'seq', number: 1 },
    comment: [
      'Number of the item; 0: a control, a bare acknowledgement, or no session.',
      'Inside `more` it is not set, and neither are the next two.',
    ],
  },
  { type: 'uint64', name: 'ack', number: 2, comment: ['Highest number received without a gap.'] },
  {
    ...{ type: 'uint32', name: 'backlog', number: 3 },
    comment: ['How many of the acknowledged items are not dispatched yet.'],
  },
  {
    ...{ type: 'uint64', name: 'call_id', number: 4 },
    comment: ['A call that the sender started; 0: no answer is wanted.'],
  },
  {
    ...{ type: 'uint64', name: 'reply_to', number: 5 },
    comment: ['A call that the receiver started, and that this item answers.'],
  },
  {
    ...{ type: 'uint32', name: 'timeout_ms', number: 6 },
    comment: ['How long the sender waits for the answer; 0: as long as it takes.'],
  },
  { type: 'Context', name: 'context', number: 7, comment: ['Headers and trace of the call.'] },
  {
    ...{ type: 'more', name: 'more', number: 15 },
    comment: ['Further items of this frame, numbered on from seq. Only in sessions, and never nested.'],
  },
];

/** The arms that every envelope's oneof has. */
export const libraryArms: readonly LibraryField[] = [
  { type: 'Control', name: 'control', number: 16 },
  { type: 'CallOpen', name: 'call_open', number: 17 },
  { type: 'CallComplete', name: 'call_complete', number: 18 },
  { type: 'CallCancel', name: 'call_cancel', number: 19 },
  { type: 'CallFault', name: 'call_fault', number: 20 },
];

/** The arm of the state, in what a server sends. */
export const stateArm = { name: 'state', number: 21 } as const;

/** Who sends an envelope: each side has its own. */
export type EnvelopeSide = 'client' | 'server';

/** One field of an envelope's oneof that belongs to a method: its request, or the answer to it. */
export interface EnvelopeArm {
  readonly name: string;
  readonly role: 'request' | 'answer';
  readonly message: DescMessage;
  readonly method: MethodModel;
}

/**
 * The arms of one envelope. The client's carries the operations and the
 * answers to callbacks, the server's the callbacks and the answers to
 * operations; one-way methods have no answer.
 */
export function armsOf(contract: ContractModel, side: EnvelopeSide): readonly EnvelopeArm[] {
  const [own, peers] =
    side === 'client' ? [contract.operations, contract.callbacks] : [contract.callbacks, contract.operations];
  return [...own.map(requestArm), ...peers.flatMap(answerArm)];
}

/** The envelope in which a method is called; its answers are in the other one. */
export function callingSide(method: MethodModel): EnvelopeSide {
  return method.kind === 'operation' ? 'client' : 'server';
}

function requestArm(method: MethodModel): EnvelopeArm {
  return { name: method.armName, role: 'request', message: method.desc.input, method };
}

function answerArm(method: MethodModel): readonly EnvelopeArm[] {
  if (method.answerName === undefined) return [];
  return [{ name: method.answerName, role: 'answer', message: method.desc.output, method }];
}
