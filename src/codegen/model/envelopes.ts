import type { DescMessage } from '@bufbuild/protobuf';
import type { ContractModel, MethodModel } from './contract-model.js';

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
